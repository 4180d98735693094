"""What an entry says of a blend: what was merged to what, single scores beside the merged one, and the gain."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cockpit.diary.facts import Facts
from cockpit.diary.markdown import escaped
from cockpit.store import ranking
from cockpit.store.numbers import counted, delta_text, metric_text
from cockpit.store.rows import BLEND, TrialRow

SINGLE = "single"  # the method of a member by itself
MOST_MEMBERS = 12
_WEIGHT = "weight."


def is_blend(facts: Facts) -> bool:
    """Whether the experiment merges others, and so has no seeds that could be repeated."""
    return facts.sweep.trainer == BLEND


def merges(facts: Facts) -> Iterator[str]:
    """The merge set with its scores and weights, and the gain over the best single one; nothing of other kinds."""
    if not is_blend(facts):
        return
    singles = [trial for trial in facts.trials if trial.config.get("method") == SINGLE]
    merged = [trial for trial in facts.trials if trial.config.get("method") != SINGLE]
    best, single = (ranking.best_trial(trials, facts.sweep.goal) for trials in (merged, singles))
    if best is None or single is None:
        return
    yield ""
    yield f"**merge** {_merge_text(facts, singles, best)}  "
    yield f"**gain** {_gain_text(best, _name(single), len(merged))}"


def _merge_text(facts: Facts, singles: Sequence[TrialRow], best: TrialRow) -> str:
    """`exp021 + exp022 → auc 0.9393 (weights; single: 0.9408, 0.9360; OOF weights 0.7/0.3)`."""
    metric = facts.sweep.metric
    names, scores = [_name(trial) for trial in singles], [metric_text(trial.best) for trial in singles]
    weights = [f"{best.config.get(f'{_WEIGHT}{name}', 0.0):.2g}" for name in names]
    told = [f"{best.config.get('method')}", f"single: {', '.join(_cut(scores))}"]
    fitted = best.best_metrics.get(f"{metric}_in_sample")
    if fitted is not None:
        told += [f"OOF weights {'/'.join(_cut(weights))}", f"in sample {metric_text(fitted)}"]
    return (
        f"{escaped(' + '.join(_cut(names)))} → {escaped(metric)} {metric_text(best.best)} ({escaped('; '.join(told))})"
    )


def _gain_text(best: TrialRow, single: str, ways: int) -> str:
    gain, low, high = (best.best_metrics.get(name) for name in ("gain", "gain_low", "gain_high"))
    if gain is None or low is None or high is None:
        return f"over {escaped(single)}, the best single one: not recorded"
    verdict = "better" if low > 0 else "worse" if high < 0 else "not distinguishable"
    chosen = f"; the best of {counted(ways, 'way')} on these rows" if ways > 1 else ""
    return (
        f"over {escaped(single)}, the best single one: {delta_text(gain)} [{delta_text(low)}, {delta_text(high)}] "
        f"over rows drawn anew: {verdict}{chosen}"
    )


def _name(single: TrialRow) -> str:
    return str(single.config.get("members", single.id))


def _cut(texts: Sequence[str]) -> list[str]:
    return list(texts) if len(texts) <= MOST_MEMBERS else [*texts[: MOST_MEMBERS - 1], "…"]
