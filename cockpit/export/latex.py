"""A table of results for a paper: `booktabs`, the best trial in bold, the baseline marked.

Runs that repeat or confirm a trial have no row of their own; the score of one with repeats is the mean of its runs.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from cockpit.events.text import one_line
from cockpit.export.contract import Format
from cockpit.export.record import Record
from cockpit.store import ranking
from cockpit.store.numbers import metric_text, setting_text
from cockpit.store.rows import TrialRow
from cockpit.store.runs import configurations

MOST_METRICS = 6  # beside the ranked one; a page is not wider
_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': r"\textquotedbl{}", "—": "---", "–": "--", "∞": r"$\infty$", "…": r"\dots{}",
}  # fmt: skip
_SCIENTIFIC = re.compile(r"(-?\d(?:\.\d+)?)e([+-])0*(\d+)\Z")


def _text(record: Record) -> Iterator[str]:
    sweep = record.sweep
    others = _others(record)
    columns = ["trial", *sweep.varied, *([sweep.metric] if sweep.metric else []), *others]
    yield "% needs \\usepackage{booktabs}\n\\begin{table}\n\\centering\n"
    yield f"\\caption{{{_caption(record)}}}\n\\label{{tab:{re.sub(r'[^a-z0-9]+', '-', record.name.lower())}}}\n"
    yield f"\\begin{{tabular}}{{l{'r' * (len(columns) - 1)}}}\n\\toprule\n"
    yield " & ".join(map(escaped, columns)) + " \\\\\n\\midrule\n"
    for trial in ranking.ranked(configurations(record.trials), sweep.goal):
        yield " & ".join(_cells(record, trial, others)) + " \\\\\n"
    yield "\\bottomrule\n\\end{tabular}\n\\end{table}\n"


def _others(record: Record) -> list[str]:
    names = dict.fromkeys(name for trial in record.trials for name in trial.best_metrics)
    return [name for name in names if name != record.sweep.metric][:MOST_METRICS]


def _caption(record: Record) -> str:
    sweep = record.sweep
    parts = [f"{sweep.experiment} {sweep.search}".strip(), sweep.question]
    better = "higher" if sweep.goal == "maximize" else "lower"
    parts.append(f"{sweep.metric}: {better} is better" if sweep.metric else "")
    text = " ".join(escaped(part if part[-1] in ".?!" else f"{part}.") for part in map(str.strip, parts) if part)
    marks = "; $\\dagger$ marks the baseline" if any(trial.baseline for trial in record.trials) else ""
    return f"{text} Best in bold{marks}."


def _cells(record: Record, trial: TrialRow, others: list[str]) -> list[str]:
    sweep = record.sweep
    cells = [escaped(trial.id) + ("$^\\dagger$" if trial.baseline else "")]
    cells += [number(setting_text(trial.config.get(name))) for name in sweep.varied]
    cells += [number(metric_text(trial.best))] if sweep.metric else []
    cells += [number(metric_text(trial.best_metrics.get(name))) for name in others]
    is_best = record.best is not None and trial.id == record.best.id and math.isfinite(trial.best or 0.0)
    return [f"\\textbf{{{cell}}}" for cell in cells] if is_best else cells


def number(text: str) -> str:
    """A number or a text as it is set; `1.2e-05` with a power of ten."""
    found = _SCIENTIFIC.match(text)
    if found is None:
        return f"${text}$" if re.fullmatch(r"-\d+(?:\.\d+)?", text) else escaped(text)
    sign = "-" if found[2] == "-" else ""
    return f"${found[1]} \\times 10^{{{sign}{found[3]}}}$"


def escaped(text: str) -> str:
    """Text that LaTeX sets as it reads, in one line."""
    return "".join(_SPECIAL.get(character, character) for character in one_line(text))


FORMAT = Format(name="latex", summary="a table of results (booktabs)", endings=(".tex",), text=_text)
