"""Whether the winner of a search is better than its baseline, by runs on seeds that the search never saw.

Who won is the best of many, and so has had luck: its score in the search says nothing here. Winner and baseline run
again in pairs, each pair on one fresh seed (and fold), and only the differences of these pairs are tested.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cockpit.store import ranking
from cockpit.store.numbers import counted, delta_text
from cockpit.store.paired import METHOD, MOST_PAIRS, PairedTest, paired_t_test
from cockpit.store.rows import SweepRow, TrialRow

BETTER, WORSE, OPEN = "better", "worse", "open"
SAME = 1e-12  # of a value; differences closer to each other than that differ by rounding only
FOUND = (BETTER, WORSE)
MARKS = {BETTER: "✅", WORSE: "❌", OPEN: "➖"}
DECIDED = (
    "finished",
)  # the statuses of a sweep with a verdict: whoever stops one may have seen how the pairs came out


@dataclass(frozen=True)
class Pair:
    """Winner and baseline once more on one seed. `gain` is how much better the winner is; None where one has no end."""

    seed: int
    winner: TrialRow
    baseline: TrialRow
    gain: float | None


@dataclass(frozen=True)
class Verdict:
    """`mark` is `better`, `worse` or `open` (not distinguishable), `text` says why and by which test.

    `pairs` are those that have begun, `delta` the mean difference of those that came to their end. `test` is None where
    nothing could be tested.
    """

    mark: str
    text: str
    pairs: tuple[Pair, ...] = ()
    delta: float | None = None
    test: PairedTest | None = None

    @property
    def glyph(self) -> str:
        return MARKS[self.mark]


def verdict(sweep: SweepRow, trials: Sequence[TrialRow]) -> Verdict:
    """The verdict of a search on its winner; one that still runs, or was ended, has none yet."""
    winner, baseline = ranking.best_trial(trials, sweep.goal), ranking.baseline_trial(trials)
    if not sweep.confirm:
        return Verdict(OPEN, f"{_seeds_text(sweep)}: not distinguishable")
    if winner is None or baseline is None or baseline.best is None:
        return Verdict(OPEN, "nothing to confirm: winner or baseline has no score")
    if winner.id == baseline.id:
        return Verdict(OPEN, "nothing to confirm: the baseline is the best")
    pairs = _pairs(trials, winner.id, baseline.id, sweep.goal)
    done = [pair.gain for pair in pairs if pair.gain is not None]
    if sweep.status not in DECIDED:
        return Verdict(OPEN, f"not confirmed yet: {len(done)} of {counted(sweep.confirm, 'pair')}", pairs)
    return _judged(pairs, done, sweep.confirm)


def _judged(pairs: tuple[Pair, ...], gains: Sequence[float], planned: int) -> Verdict:
    left_out = _left_out(pairs, planned)
    if len(gains) < 2:
        return Verdict(OPEN, f"not distinguishable: {counted(len(gains), 'pair')} to compare{left_out}", pairs)
    on = f"on {len(gains)} fresh seeds"
    if _are_the_same(gains, pairs):
        return _without_spread(pairs, gains[0], on, left_out)
    test = paired_t_test(gains)
    told = f"{_interval(test)} {on} ({METHOD}, p {_p_text(test.p)}){left_out}"
    if test.finds:
        return Verdict(BETTER if test.delta > 0 else WORSE, told, pairs, test.delta, test)
    more = f"more than {MOST_PAIRS} pairs" if test.needed is None else counted(test.needed, "more pair")
    would = f"{more} would be needed to see {delta_text(test.delta)}"
    return Verdict(OPEN, f"{told}: not distinguishable; {would}", pairs, test.delta, test)


def _are_the_same(gains: Sequence[float], pairs: Sequence[Pair]) -> bool:
    """But for what rounding makes of the difference of two values."""
    values = (run.best for pair in pairs for run in (pair.winner, pair.baseline))
    return max(gains) - min(gains) <= SAME * max(abs(value) for value in values if value is not None)


def _without_spread(pairs: tuple[Pair, ...], gain: float, on: str, left_out: str) -> Verdict:
    """All pairs differ by the same: as nothing in the runs depends on the seed, or because the metric is coarse."""
    told = f"{delta_text(gain)} {on}{left_out}"
    if not _ignores_seed([pair.winner for pair in pairs]) or not _ignores_seed([pair.baseline for pair in pairs]):
        return Verdict(OPEN, f"{told}: too coarse a metric to test, as all pairs differ by the same", pairs, gain)
    same = "no run depends on its seed"
    if gain == 0:
        return Verdict(OPEN, f"{told}: not distinguishable, and {same}", pairs, gain)
    return Verdict(BETTER if gain > 0 else WORSE, f"{told}: the same each time, as {same}", pairs, gain)


def _ignores_seed(runs: Sequence[TrialRow]) -> bool:
    """Whether all runs came to the same in all their metrics. A metric alone may be too coarse to show a difference."""
    having = [run for run in runs if run.best is not None]
    first = having[0]
    return len(first.best_metrics) > 1 and all(run.best_metrics == first.best_metrics for run in having)


def _pairs(trials: Sequence[TrialRow], winner: str, baseline: str, goal: str) -> tuple[Pair, ...]:
    runs = {(trial.confirms, trial.extra.get("pair")): trial for trial in trials if trial.confirms}
    begun = [number for of, number in runs if of == winner and (baseline, number) in runs]
    return tuple(_pair(runs[winner, number], runs[baseline, number], goal) for number in begun)


def _pair(winner: TrialRow, baseline: TrialRow, goal: str) -> Pair:
    through = winner.status == baseline.status == "finished"
    return Pair(winner.seed, winner, baseline, ranking.gain(winner.best, baseline.best, goal) if through else None)


def _left_out(pairs: Sequence[Pair], planned: int) -> str:
    """Why there are fewer pairs than planned: `, 1 of 3 pairs left out (t027 failed)`."""
    missing = planned - sum(pair.gain is not None for pair in pairs)
    if missing <= 0:
        return ""
    runs = [run for pair in pairs if pair.gain is None for run in (pair.winner, pair.baseline)]
    # What a ledger calls a status may be anything; this is printed, and stands in Markdown.
    why = [
        f"{run.id} {run.status if run.status.isalpha() else 'ended'}"
        for run in runs
        if run.status != "finished" or run.best is None
    ]
    reasons = f" ({', '.join(why[:3])})" if why else " (no time left)"
    return f", {missing} of {counted(planned, 'pair')} left out{reasons}"


def _interval(test: PairedTest) -> str:
    return f"{delta_text(test.delta)} [{delta_text(test.low)}, {delta_text(test.high)}]"


def _p_text(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"{p:.2g}"


def _seeds_text(sweep: SweepRow) -> str:
    """What the winner stands on, where nothing confirms it."""
    if sweep.is_imported:
        return "imported, with no runs on fresh seeds"
    return "one seed" if sweep.seeds == 1 else f"the winner was chosen on its {sweep.seeds} seeds"
