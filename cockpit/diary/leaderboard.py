"""What the leaderboard said, of the experiment as a whole or of single trials, and of predictions that were merged."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.diary.facts import Facts
from cockpit.diary.markdown import escaped
from cockpit.store import ranking
from cockpit.store.scores import Score, leaderboard_text, score_text

MOST_MERGES = 5


def leaderboard(facts: Facts) -> str:
    """`LB 0.727 · private LB 0.719`, or the best score of a trial and whose it is: `LB 0.9423 (V14)`.

    What was entered last decides which of the two it is. A trial's score has its private one beside it, too.
    """
    if not facts.scores or not (facts.scores[-1].trial or facts.scores[-1].merged):
        return leaderboard_text([score for score in facts.scores if not (score.trial or score.merged)])
    public, hidden = (
        {_whose(score): score for score in facts.scores if score.private == side} for side in (False, True)
    )
    best = min(public.values(), key=lambda score: ranking.sort_key(score.value, facts.sweep.goal), default=None)
    if best is None:
        return leaderboard_text(facts.scores)
    who = " + ".join(best.merged) if best.merged else _name(facts, best.trial)
    private = hidden.get(_whose(best))
    more = f" · private LB {score_text(private.value)}" if private is not None else ""
    return f"LB {score_text(best.value)}{f' ({escaped(who)})' if who else ''}{more}"


def merged_scores(facts: Facts) -> Iterator[str]:
    """`**merge** V22 + V21 → LB 0.9393 (single: 0.9360, 0.9408)`, a line for each, the newest ones."""
    known = [score for score in facts.scores if score.merged]
    for score in known[-MOST_MERGES:]:
        singles = [_single(facts, label) for label in score.merged]
        beside = f" (single: {', '.join(text or '—' for text in singles)})" if any(singles) else ""
        name = "private LB" if score.private else "LB"
        yield (
            f"**merge** {escaped(' + '.join(score.merged))} → {name} {score_text(score.value)}{beside}"
            f"{f' · {escaped(score.note)}' if score.note else ''}  "
        )


def _single(facts: Facts, label: str) -> str:
    """What the run of this label scored by itself; empty where that is unknown."""
    ids = {trial.id for trial in facts.trials if label in (trial.label, trial.id)}
    own: list[Score] = [score for score in facts.scores if score.trial in ids and not score.merged]
    return score_text(own[-1].value) if own else ""


def _whose(score: Score) -> tuple[str, tuple[str, ...]]:
    """What a score is of; of several of the same the last one counts."""
    return score.trial, score.merged


def _name(facts: Facts, trial: str) -> str:
    label = next((one.label for one in facts.trials if one.id == trial), "")
    return label or trial
