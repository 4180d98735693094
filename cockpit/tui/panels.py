"""What the charts of one trial draw: one panel for each name, with its phases or parameter groups as lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from cockpit.tui.interest import NORM, Metric
from cockpit.tui.listing.trials import shown_metrics
from cockpit.tui.palette import LINE_COLORS
from cockpit.tui.snapshot import SweepView, TrialView

_NORM_TITLES = {"grad_mean": "gradient norm", "param_mean": "parameter norm", "update_ratio": "update Δw/w"}
_STEPS, _EVALUATIONS, _TESTS = range(3)  # numbers of colours


class PanelLine(NamedTuple):
    """One line of a panel, with the number of its colour. A line that is alone has no label."""

    label: str
    color: int
    metric: Metric


@dataclass(frozen=True)
class Panel:
    """One chart."""

    title: str
    lines: tuple[PanelLine, ...]


def panels(view: SweepView, trial: TrialView, groups: Sequence[str]) -> tuple[Panel, ...]:
    """All charts of a trial, the loss and the sweep's metric first, the norms of its parameter groups last.

    Training, validation and test are drawn into one chart. Fine-tuning counts its steps anew, so it has its own.
    """
    together: dict[tuple[str, str], list[Metric]] = {}
    for metric in shown_metrics(view):
        if metric.name in trial.newest:
            together.setdefault((metric.name, _tuning(metric)), []).append(metric)
    return (*map(_panel, together.values()), *_norm_panels(groups))


def _tuning(metric: Metric) -> str:
    """`tune` for the phases of fine-tuning, `tune2` for those of a second one, empty for all others."""
    return metric.phase.partition("_")[0] if metric.phase.startswith("tune") else ""


def _panel(metrics: Sequence[Metric]) -> Panel:
    if len(metrics) == 1:
        return Panel(metrics[0].title, (PanelLine("", _color(metrics[0], ()), metrics[0]),))
    lines: list[PanelLine] = []
    for metric in metrics:
        alone = sum(other.phase == metric.phase for other in metrics) == 1
        label = metric.phase if alone else f"{metric.phase} {metric.kind}"
        lines.append(PanelLine(label, _color(metric, [line.color for line in lines]), metric))
    tuning = _tuning(metrics[0])
    return Panel(f"{metrics[0].name} ({tuning})" if tuning else metrics[0].name, tuple(lines))


def _color(metric: Metric, taken: Sequence[int]) -> int:
    """Training, validation and test look the same in every chart."""
    usual = _STEPS if metric.kind == "step" else _TESTS if "test" in metric.phase else _EVALUATIONS
    free = [usual, *range(len(LINE_COLORS))]
    return next((color for color in free if color not in taken), usual)


def _norm_panels(groups: Sequence[str]) -> Iterator[Panel]:
    groups = groups[: len(LINE_COLORS)]
    for column, title in _NORM_TITLES.items() if groups else ():
        lines = (
            PanelLine(group if len(groups) > 1 else "", number, Metric(NORM, group, column))
            for number, group in enumerate(groups)
        )
        yield Panel(title, tuple(lines))
