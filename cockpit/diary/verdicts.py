"""What an entry says of the verdict: the mark in its heading, the baseline's part of `against`, and the pairs."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.diary.facts import Facts
from cockpit.diary.markdown import table
from cockpit.diary.merges import is_blend
from cockpit.store import ranking
from cockpit.store.numbers import delta_text, metric_text
from cockpit.store.rows import TrialRow
from cockpit.store.runs import configurations
from cockpit.store.verdict import DECIDED, Pair

STATUS_MARKS = {"running": "⏳", "queued": "⏳", "interrupted": "⚠", "failed": "⚠", "finished": "➖", "stopped": "➖"}


def mark(facts: Facts) -> str:
    """✅ or ❌ where runs on fresh seeds say so, ➖ where they do not, or how the sweep stands."""
    if facts.sweep.status in DECIDED:
        return facts.verdict.glyph
    return STATUS_MARKS.get(facts.sweep.status, "⚠")


def against_baseline(facts: Facts) -> Iterator[str]:
    """The difference to the baseline: on fresh seeds where there are any, else that of the search; and over rows."""
    baseline, best = facts.baseline, facts.best
    if baseline is None or best is None:
        return
    if facts.verdict.delta is not None:
        yield f"baseline {facts.verdict.text}"
    else:
        yield f"baseline {delta_text(ranking.gain(best.best, baseline.best, facts.sweep.goal))}"
    if facts.rows is not None and (facts.rows.trial, facts.rows.baseline) == (best.id, baseline.id):
        yield f"{best.id} {facts.rows.text}"


def doubt(facts: Facts) -> Iterator[str]:
    """Why that difference may be nothing but noise, and how much noise is known."""
    if is_blend(facts) or facts.verdict.delta is not None:
        return
    known = facts.before.noise.text
    yield f"{facts.verdict.text}{f' ({known})' if known else ''}"


def confirmation(facts: Facts) -> Iterator[str]:
    """The pairs of the confirmation one by one; nothing where there was none."""
    pairs = facts.verdict.pairs
    if not pairs or facts.best is None or facts.baseline is None:
        return
    yield "## Confirmation"
    yield ""
    yield f"Baseline {facts.baseline.id} and {facts.best.id} once more, in pairs on seeds that no trial had:"
    yield ""
    folds = any("fold" in pair.winner.config for pair in pairs)
    headings = ["seed", *(["fold"] if folds else []), "trials", facts.baseline.id, facts.best.id, "difference"]
    yield from table(headings, [_pair_row(pair, folds) for pair in pairs], words=("trials",))
    yield ""
    yield facts.verdict.text


def tried(facts: Facts) -> list[TrialRow]:
    """The trials that tried a configuration of their own, with the mean score where they were repeated."""
    return configurations(facts.trials)


def mean_text(facts: Facts) -> str:
    """`mean of 3 seeds, ` before the best trial's name, where its score is such a mean; else empty."""
    best = facts.best
    repeats = [] if best is None else [trial for trial in facts.trials if trial.repeat_of == best.id]
    runs = 1 + sum(trial.best is not None for trial in repeats)
    return f"mean of {runs} seeds, " if runs > 1 else ""


def interval_text(trial: TrialRow, metric: str) -> str:
    """` [0.8530, 0.8690]`: the interval of 95 % over validation rows, where the trainer tells one; else empty."""
    low, high = (trial.best_metrics.get(f"{metric}_{end}") for end in ("low", "high"))
    if low is None or high is None or not low <= high:
        return ""
    return f" [{metric_text(low)}, {metric_text(high)}]"


def _pair_row(pair: Pair, folds: bool) -> list[str]:
    fold = [str(pair.winner.config.get("fold", ""))] if folds else []
    values = [metric_text(run.best) if run.status == "finished" else run.status for run in (pair.baseline, pair.winner)]
    return [str(pair.seed), *fold, f"{pair.baseline.id}, {pair.winner.id}", *values, delta_text(pair.gain)]
