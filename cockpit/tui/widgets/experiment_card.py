"""One experiment in a few lines: the question, the best and the baseline, what mattered."""

from __future__ import annotations

from rich.text import Text

from cockpit.store.catalogue import ExperimentRow
from cockpit.store.numbers import counted, delta_text, duration_text, metric_text, setting_text
from cockpit.tui.glyphs import Glyphs
from cockpit.tui.snapshot import Importance, SweepView
from cockpit.tui.text import shown
from cockpit.tui.widgets.borders import retitle
from cockpit.tui.widgets.words import Words

BAR = 7
MOST_PARAMETERS = 5


class ExperimentCard(Words):
    """Some lines under the list of experiments."""

    def tell(self, row: ExperimentRow, view: SweepView | None, importance: Importance | None, glyphs: Glyphs) -> None:
        """`view` and `importance` come a moment after the row; until then the card says less."""
        status = "silent" if row.silent is not None else row.status
        retitle(self, f"{row.id} {row.search}", glyphs.of(status))
        self.show(self._words(row, view, importance, glyphs, status))

    def _words(
        self, row: ExperimentRow, view: SweepView | None, importance: Importance | None, glyphs: Glyphs, status: str
    ) -> Text:
        lines = [shown(row.question or "no question was written down", "" if row.question else "dim")]
        if row.reason:
            lines.append(shown(row.reason, "bold" if status in ("failed", "broken") else ""))
        if view is not None:
            lines += _best_lines(view)
            lines.append(_facts(row, view))
            if importance is not None and importance.values:
                lines.append(_bars(importance, glyphs))
        return Text("\n").join(lines)


def _best_lines(view: SweepView) -> list[Text]:
    best, baseline = view.best, view.baseline
    lines = []
    if best is not None:
        line = Text("best      ", "dim")
        line.append_text(shown(f"{view.sweep.metric} {metric_text(best.best)}", "bold")).append(f"  {best.id}  ")
        known = [name for name in view.sweep.varied if name in best.config]  # an import may not say all of them
        settings = " ".join(f"{name}={setting_text(best.config[name])}" for name in known)
        lines.append(line.append_text(shown(settings)))
    if baseline is not None:
        line = Text("baseline  ", "dim")
        lines.append(line.append_text(shown(f"{view.sweep.metric} {metric_text(baseline.best)}  {baseline.id}")))
    return lines


def _facts(row: ExperimentRow, view: SweepView) -> Text:
    counts: dict[str, int] = {}
    for trial in view.trials:
        counts[trial.row.status] = counts.get(trial.row.status, 0) + 1
    parts = [counted(len(view.trials), "trial"), *(f"{count} {status}" for status, count in counts.items())]
    if row.delta is not None:
        parts.insert(0, f"{delta_text(row.delta)} against the baseline")
    if row.started is not None and row.ended is not None and row.ended > row.started:
        parts.append(duration_text(row.ended - row.started))
    return Text("   ", "dim").join(shown(part) for part in parts)


def _bars(importance: Importance, glyphs: Glyphs) -> Text:
    line = Text("importance  ", "dim", no_wrap=True, overflow="ellipsis")
    most = sorted(importance.values.items(), key=lambda item: -item[1])[:MOST_PARAMETERS]
    block = "#" if glyphs.ascii else "█"
    for name, value in most:
        line.append_text(shown(name)).append(" ").append(block * max(1, round(value * BAR))).append(f" {value:.2f}   ")
    return line
