"""One HTML page that needs nothing beside itself: no network, no script, charts as SVG in it, light and dark."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Any

from cockpit.events.text import one_line, safe_text
from cockpit.export.contract import Format
from cockpit.export.html_curves import curves_of
from cockpit.export.html_style import STYLE
from cockpit.export.record import Record
from cockpit.store import ranking
from cockpit.store.numbers import delta_text, duration_text, metric_text, setting_text, utc_text
from cockpit.store.rows import NormSummary, TrialRow
from cockpit.store.runs import counts_text
from cockpit.store.scores import leaderboard_text, scores
from cockpit.store.verdict import verdict

# What a browser would fetch or run, it does not, whatever gets into the page.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def _text(record: Record) -> Iterator[str]:
    sweep = record.sweep
    title = one_line(f"{record.name} {sweep.question}")
    yield "<!DOCTYPE html>\n"
    yield f'<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>\n'
    yield f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
    yield f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<style>{STYLE}</style></head><body>\n'
    yield from _head(record)
    yield from _trials(record)
    yield from _curves(record)
    yield from _norms(record)
    yield from _settings(record)
    yield from _environment(record)
    yield "</body></html>\n"


def _head(record: Record) -> Iterator[str]:
    sweep, best = record.sweep, record.best
    baseline = ranking.baseline_trial(record.trials)
    yield f"<h1>{_safe(sweep.experiment)} <small>{_safe(sweep.search)} · {_safe(sweep.status)}</small></h1>\n"
    if sweep.question:
        yield f'<p class="question">{_safe(sweep.question)}</p>\n'
    against = ranking.gain(best.best, baseline.best, sweep.goal) if best and baseline else None
    found = verdict(sweep, record.trials)
    seconds = None if sweep.started is None or sweep.ended is None else sweep.ended - sweep.started
    facts = {
        f"best {sweep.metric}": f"{metric_text(best.best)} ({best.id})" if best else "none: no trial was evaluated",
        "against the baseline": delta_text(against) if against is not None else "",
        "verdict": f"{found.glyph} {found.text}" if baseline else "",
        "better is": "higher" if sweep.goal == "maximize" else "lower",
        "leaderboard": leaderboard_text(scores(record.run)),
        "trials": counts_text(record.trials),
        "trainer": sweep.trainer,
        "data": sweep.data,
        "started": utc_text(sweep.started) or "",
        "time": duration_text(seconds) if seconds is not None else "",
        "reason": sweep.reason,
        "command": sweep.command,
    }
    yield from _facts(facts)


def _trials(record: Record) -> Iterator[str]:
    sweep, best = record.sweep, record.best
    others = dict.fromkeys(name for trial in record.trials for name in trial.best_metrics if name != sweep.metric)
    headings = ["trial", *sweep.varied, sweep.metric, *others, "seed", "epochs", "steps", "time", "ended"]
    ranked = ranking.ranked(record.trials, sweep.goal)
    rows = [_trial(record, trial, others) for trial in ranked]
    marks = ["best" if best is not None and trial.id == best.id else "" for trial in ranked]
    yield "<h2>Trials</h2>\n"
    yield from _table(headings, rows, marks)
    if any(trial.baseline for trial in record.trials):
        yield "<p><small>◆ baseline</small></p>\n"


def _trial(record: Record, trial: TrialRow, others: Iterable[str]) -> list[str]:
    settings = [setting_text(trial.config.get(name)) for name in record.sweep.varied]
    metrics = [metric_text(trial.best_metrics.get(name)) for name in others]
    counts = [str(trial.seed), str(trial.epochs), str(trial.steps), duration_text(trial.seconds)]
    name = f"{trial.id} ◆" if trial.baseline else trial.id
    return [name, *settings, metric_text(trial.best), *metrics, *counts, trial.ending or trial.status]


def _curves(record: Record) -> Iterator[str]:
    curves = curves_of(record)
    if curves.charts:
        yield "<h2>Curves</h2>\n"
        yield from _legend([(trial.id, colour) for trial, colour in curves.shown])
        if len(record.trials) > len(curves.shown):
            yield f"<p><small>the best {len(curves.shown)} of {len(record.trials)} trials</small></p>\n"
        yield from _figures(curves.charts)
        if curves.left_out:
            yield f"<p><small>{curves.left_out} more metrics are not shown</small></p>\n"
    if curves.norms:
        yield "<h2>Norms over time</h2>\n"
        yield from _legend(curves.groups)
        yield from _figures(curves.norms)


def _norms(record: Record) -> Iterator[str]:
    rows: Sequence[NormSummary] = record.index.norm_summary(record.best.id) if record.best else ()
    if not rows or record.best is None:
        return
    yield f"<h2>Norms of {_safe(record.best.id)}</h2>\n"
    headings = ["group", "rows", "param mean", "grad mean", "grad max", "not finite", "update ratio"]
    cells = [
        [
            row.group,
            str(row.rows),
            *map(metric_text, (row.param_mean, row.grad_mean, row.grad_max)),
            str(row.nonfinite),
            metric_text(row.update_ratio),
        ]
        for row in rows
    ]
    yield from _table(headings, cells)


def _settings(record: Record) -> Iterator[str]:
    best = record.best
    if best is None:
        return
    yield f"<h2>Settings of {_safe(best.id)}</h2>\n"
    names = dict.fromkeys([*record.sweep.varied, *best.config, *best.effective])
    rows = [[name, _setting(best.config, name), _setting(best.effective, name)] for name in names]
    yield from _table(["setting", "asked for", "built"], rows)


def _setting(values: Mapping[str, Any], name: str) -> str:
    return setting_text(values[name]) if name in values else ""


def _environment(record: Record) -> Iterator[str]:
    known = {name: value for name, value in record.sweep.environment.items() if value}
    versions = known.pop("versions", None)
    if known or versions:
        yield "<h2>Environment</h2>\n"
        more = versions if isinstance(versions, Mapping) else {}
        yield from _table(["what", "which"], [[str(n), setting_text(v)] for n, v in [*known.items(), *more.items()]])


def _facts(facts: Mapping[str, str]) -> Iterator[str]:
    yield "<dl>\n"
    for name, text in facts.items():
        if text:
            yield f"<dt>{_safe(name)}</dt><dd>{_safe(text)}</dd>\n"
    yield "</dl>\n"


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]], marks: Sequence[str] = ()) -> Iterator[str]:
    yield '<div class="wide"><table><thead><tr>'
    yield "".join(f"<th>{_safe(heading)}</th>" for heading in headings)
    yield "</tr></thead><tbody>\n"
    for number, row in enumerate(rows):
        mark = f' class="{marks[number]}"' if number < len(marks) and marks[number] else ""
        yield f"<tr{mark}>{''.join(f'<td>{_safe(cell)}</td>' for cell in row)}</tr>\n"
    yield "</tbody></table></div>\n"


def _legend(names: Sequence[tuple[str, int]]) -> Iterator[str]:
    spans = (f'<span class="key"><i class="c{colour}"></i>{_safe(name)}</span>' for name, colour in names)
    yield f"<p>{' '.join(spans)}</p>\n"


def _figures(charts: Sequence[tuple[str, str]]) -> Iterator[str]:
    yield '<div class="charts">\n'
    for title, drawing in charts:
        yield f"<figure><figcaption>{_safe(title)}</figcaption>{drawing}</figure>\n"
    yield "</div>\n"


def _safe(text: str) -> str:
    return escape(safe_text(text))


FORMAT = Format(name="html", summary="one page with charts, for any browser", endings=(".html", ".htm"), text=_text)
