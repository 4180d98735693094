"""What is new in an experiment: what differs from the one it was made from, what was varied, and what came of that."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from cockpit.checks.leaderboard import is_growing
from cockpit.diary.facts import Facts
from cockpit.diary.markdown import code, escaped
from cockpit.diary.past import NO_SETTINGS, gaps_before
from cockpit.store import ranking
from cockpit.store.comparison import ABSENT, exact, value_texts
from cockpit.store.numbers import counted, metric_text, setting_text
from cockpit.store.rows import TrialRow
from cockpit.store.runs import configurations

MOST_CHANGES, MOST_VALUES = 6, 8


def change_text(facts: Facts, *, whole: bool = False) -> str:
    """``from exp011: `batch_size` 16 → 32; swept `m` 0.1–0.5``.

    What somebody chose otherwise is told first. What was only built otherwise mostly follows from that, or from what
    was varied: it is told on the `whole` page, and where nothing else is new.
    """
    again = facts.sweep.extra.get("rerun_of")
    if again:
        return f"none: {escaped(str(again))} once more"
    parent, varied = facts.before.parent, _what_was_varied(facts)
    if parent is None:
        return varied or _nothing_varied(facts)
    chosen, built, kept = _changes(facts)
    if whole and chosen and built:
        chosen = [*chosen, f"with it {built[0]}", *built[1:]]
    elif whole or not (chosen or varied):
        chosen = chosen or built
    chosen += kept
    shown = chosen if whole else chosen[:MOST_CHANGES]
    hidden = [f"{len(chosen) - len(shown)} more settings"] if len(shown) < len(chosen) else []
    told = [", ".join([*shown, *hidden]), varied]
    return f"from {escaped(parent.experiment)}: {'; '.join(filter(None, told)) or 'nothing, the same settings again'}"


def result_lists(facts: Facts) -> Iterator[tuple[str, str]]:
    """Each varied parameter of few values with what was reached at each: `bs [8, 12, 16] → 0.8067 / 0.8216 / 0.8271`.

    The best trial stands for those that share a value; runs that confirm it do not count.
    """
    for name in facts.sweep.varied:
        reached: dict[str | None, tuple[Any, float | None]] = {}
        for trial in ranking.ranked(configurations(facts.trials), facts.sweep.goal):
            if name in trial.config and trial.best is not None:
                reached.setdefault(exact(trial.config[name]), (trial.config[name], trial.best))
        if not 2 <= len(reached) <= MOST_VALUES:
            continue
        found = _in_order(list(reached.values()))
        values, results = zip(*found, strict=True)
        told = escaped(", ".join(value_texts(values)))
        yield name, f"{code(name)} [{told}] → {' / '.join(map(metric_text, results))}"


def threshold_text(trial: TrialRow) -> str:
    """`, th 0.53` where the best evaluation of a trial chose a threshold; else empty."""
    for name in ("threshold", "th"):
        value = trial.best_metrics.get(name)
        if value is not None and math.isfinite(value):
            return f", th {setting_text(value)}"
    return ""


def gap_text(facts: Facts) -> str:
    """`CV−LB 0.134, growing`: how far held-out data and the leaderboard are apart, against the experiments before.

    It grows where it is a tenth wider than the last one and wider than most; empty where nothing is known.
    """
    if not facts.pairs:
        return ""
    gap = facts.pairs[-1].gap
    text = f"CV−LB {metric_text(gap)}"
    return f"{text}, growing" if is_growing(gaps_before(facts.before, facts.pairs), gap) else text


def _changes(facts: Facts) -> tuple[list[str], list[str], list[str]]:
    """What is otherwise than in the parent and is not varied: settings that were chosen there or here, and others.

    Then those that the parent varied and that are fixed now where it had them best.
    """
    parent, reference = facts.before.parent, facts.baseline or facts.best
    if parent is None or reference is None:
        return [], [], []
    before, now = parent.settings, reference.settings
    chosen: list[str] = []
    built: list[str] = []
    kept: list[str] = []
    for name in dict.fromkeys([*now, *before]):
        values = [before.get(name, ABSENT), now.get(name, ABSENT)]
        if name in facts.sweep.varied or name in NO_SETTINGS:
            continue
        old, new = (escaped(text or "—") for text in value_texts(values))
        if exact(values[0]) != exact(values[1]):
            known = chosen if name in reference.config or name in parent.asked else built
            known.append(f"{code(name)} {old} → {new}")
        elif name in parent.varied:
            kept.append(f"{code(name)} kept at {new}")
    return chosen, built, kept


def _what_was_varied(facts: Facts) -> str:
    varied = facts.sweep.varied
    told = (f"{code(name)} {_range(facts.trials, name)}".rstrip() for name in varied)
    return f"{'runs differ in' if facts.sweep.is_imported else 'swept'} {', '.join(told)}" if varied else ""


def _nothing_varied(facts: Facts) -> str:
    if not facts.sweep.is_imported:
        return "nothing was varied"
    runs = counted(len(facts.trials), "run")
    return f"{runs}, imported" + ("" if len(facts.trials) == 1 else "; no setting is known to differ")


def _range(trials: Sequence[TrialRow], name: str) -> str:
    """The values that were really tried."""
    values = [trial.config[name] for trial in trials if name in trial.config]
    distinct = list(dict.fromkeys(map(setting_text, values)))
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values) and values:
        if len(distinct) > 4:
            return f"{setting_text(min(values))}–{setting_text(max(values))}"
        distinct = [setting_text(value) for value in sorted(set(values))]
    return escaped(", ".join(distinct[:6]) + (" …" if len(distinct) > 6 else ""))


def _in_order(found: list[tuple[Any, float | None]]) -> list[tuple[Any, float | None]]:
    """Numbers by size, anything else as it was met."""
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value, _ in found)
    return sorted(found, key=lambda pair: pair[0]) if numbers else found
