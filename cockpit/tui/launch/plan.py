"""What would be run, in the words that stand above and below it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from cockpit.search.sampling import count
from cockpit.search.space import Constant
from cockpit.search.spec import Search
from cockpit.store.catalogue import ExperimentRow
from cockpit.store.numbers import counted, duration_text
from cockpit.tui.launch.options import EPOCHS
from cockpit.tui.launch.value_text import value_text


class Plan(NamedTuple):
    """The answer of `cockpit sweep --dry-run`, as far as it is shown."""

    trials: int | None
    concurrent: int
    configs: tuple[Mapping[str, Any], ...]

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Plan:
        return cls(document["trials"], document["resources"]["concurrent"], tuple(document["first_configs"]))


class Expectation(NamedTuple):
    """How long it will take: seconds, if they can be told, and where that is from."""

    seconds: float | None
    source: str


def headline(search: Search, plan: Plan | None, seconds: float | None) -> str:
    """`20 trials × 2 epochs, 2 at once, about 52m10s`; before the plan is there, as far as the search alone tells."""
    trials = count(search) if plan is None else plan.trials
    words = "trials without end" if trials is None else counted(trials, "trial")
    epochs = search.space.get(EPOCHS)
    if isinstance(epochs, Constant):
        words += f" × {value_text(epochs.value)} epochs"
    concurrent = search.concurrent if plan is None else plan.concurrent
    if concurrent is not None:
        words += f", {concurrent} at once"
    return words if seconds is None else f"{words}, about {duration_text(seconds)}"


def expectation(search: Search, original: Search, trials: int | None, rows: Sequence[ExperimentRow]) -> Expectation:
    """The time at the pace of an earlier experiment of the same search, or else trainer; or what the search says.

    An earlier experiment is taken to have had the epochs of the `original` search.
    """
    longer = _epochs(search) / _epochs(original)
    for same in ("search", "trainer"):
        wanted = search.name if same == "search" else search.trainer
        earlier = [row for row in rows if getattr(row, same) == wanted and _pace(row) is not None]
        if earlier and trials is not None:
            row = earlier[0]
            of_what = "" if same == "search" else f", a sweep of {row.search}"
            return Expectation((_pace(row) or 0.0) * trials * longer, f"at the pace of {row.id}{of_what}")
    is_as_it_was = longer == 1 and search.run_cap == original.run_cap
    words = "expected" if is_as_it_was else "expected without changes"
    return Expectation(None, f"{words}: {search.expected}" if search.expected else "")


def _pace(row: ExperimentRow) -> float | None:
    """Seconds for each trial of an experiment that ended, those at once with it taken into account."""
    if row.started is None or row.ended is None or row.ended_trials < 1 or row.ended <= row.started:
        return None
    return (row.ended - row.started) / row.ended_trials


def _epochs(search: Search) -> float:
    """Passes over the data in a trial; 1 where the search does not fix them."""
    epochs = search.fixed.get(EPOCHS)
    return float(epochs) if isinstance(epochs, int | float) and epochs > 0 else 1.0


def columns_of(search: Search, configs: Sequence[Mapping[str, Any]]) -> list[str]:
    """The parameters to show of configurations: what varies, or all of them where nothing does."""
    names = list(dict.fromkeys([*search.space, *(name for config in configs for name in config)]))
    return [name for name in names if name in search.varied] or names
