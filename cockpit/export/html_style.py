"""The style of exported pages: dark where the reader's system is, and fit for paper."""

_LIGHT = ("#1f6feb", "#d1242f", "#1a7f37", "#9a6700", "#8250df", "#bf3989", "#0e7490", "#57606a")
_DARK = ("#58a6ff", "#ff7b72", "#56d364", "#e3b341", "#d2a8ff", "#ff9bce", "#39c5cf", "#8b949e")


def _colours(colours: tuple[str, ...]) -> str:
    return "".join(f"--c{number}:{colour};" for number, colour in enumerate(colours))


STYLE = f"""
:root{{--ink:#1f2328;--paper:#fff;--dim:#59636e;--rule:#d1d9e0;--mark:#dafbe1;
{_colours(_LIGHT)}color-scheme:light dark}}
@media (prefers-color-scheme:dark){{:root{{--ink:#e6edf3;--paper:#0d1117;--dim:#8d96a0;--rule:#30363d;--mark:#12361f;
{_colours(_DARK)}}}}}
body{{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:1100px;margin:2em auto;
padding:0 1em}}
h1{{font-size:1.6em}} h2{{font-size:1.2em;margin-top:2em;border-bottom:1px solid var(--rule)}}
small,.question,figcaption,dt{{color:var(--dim);font-weight:normal}}
.question{{white-space:pre-wrap}}
dl{{display:grid;grid-template-columns:max-content 1fr;gap:.2em 1.2em}} dd{{margin:0;overflow-wrap:anywhere}}
.wide{{overflow-x:auto}} table{{border-collapse:collapse;font-variant-numeric:tabular-nums}}
th,td{{padding:.25em .7em;border-bottom:1px solid var(--rule);text-align:right;vertical-align:top}}
th:first-child,td:first-child,th:last-child,td:last-child{{text-align:left}}
tr.best{{background:var(--mark);font-weight:600}}
.charts{{display:grid;grid-template-columns:repeat(auto-fill,minmax(340px,1fr));gap:1em}}
figure{{margin:0;break-inside:avoid}} svg{{width:100%;height:auto}} svg text{{font-size:11px;fill:var(--dim)}}
.grid{{stroke:var(--rule)}} .line{{fill:none;stroke-width:1.5;stroke-linejoin:round;stroke-linecap:round}}
{"".join(f".line.c{n}{{stroke:var(--c{n})}}i.c{n}{{background:var(--c{n})}}" for n in range(len(_LIGHT)))}
.key{{margin-right:1em;white-space:nowrap}}
.key i{{display:inline-block;width:.8em;height:.8em;border-radius:2px;margin-right:.4em}}
@media print{{body{{max-width:none;margin:0;font-size:10pt}} .charts{{grid-template-columns:1fr 1fr}}
tr,figure,dl{{break-inside:avoid}}}}
"""
