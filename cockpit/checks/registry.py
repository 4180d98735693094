"""All checks of an experiment's record, in the order in which their findings are told."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from cockpit.checks import compiling, gradients, leaderboard, record, training
from cockpit.checks.evidence import Evidence
from cockpit.checks.finding import OK, UNKNOWN, Finding

MOST_LINES = 3  # of one check


class Check(NamedTuple):
    """`find` is pure. `fine` is said where it finds nothing, `blind` tells why it cannot see anything, if it cannot."""

    name: str
    find: Callable[[Evidence], Iterable[Finding]]
    fine: str
    blind: Callable[[Evidence], str] = lambda _: ""


def _without_losses(evidence: Evidence) -> str:
    return "" if evidence.losses else "no training loss was logged"


def _without_norms(evidence: Evidence) -> str:
    return "" if evidence.norms else "no norms of gradients were logged"


CHECKS = (
    Check(record.PAPER, record.on_paper, "what was varied differs in what was built", record.without_settings),
    Check(record.IDENTICAL, record.identical, "no two trials with different settings end the same"),
    Check(record.TRIVIAL, record.below_trivial, "every finished trial is above them", record.without_trivial),
    Check(training.DIVERGED, training.diverged, "every loss stayed finite"),
    Check(training.EXPLODED, training.exploded, "no training loss leaps", _without_losses),
    Check(training.OVERFIT, training.overfit, "no trial gets worse while its training loss falls", _without_losses),
    Check(gradients.NOT_FINITE, gradients.not_finite, "every gradient was finite", _without_norms),
    Check(gradients.DEAD, gradients.dead, "every parameter group has gradients", _without_norms),
    Check(gradients.EXPLODING, gradients.exploding, "no gradient norm leaps", _without_norms),
    Check(gradients.STUCK, gradients.stuck, "every tensor with gradients changes", _without_norms),
    Check(gradients.FROZEN, gradients.frozen, "no trainer tells of tensors that are not trained"),
    Check(gradients.UNEVEN, gradients.uneven, "no group is far above the others", _without_norms),
    Check(
        training.WAITED,
        training.waited,
        "no trial waited long for data",
        lambda evidence: "" if evidence.waits else "the training loop does not tell how it waited for data",
    ),
    Check(compiling.RECOMPILED, compiling.recompiled, "no device went on compiling after the warm-up"),
    Check(
        leaderboard.GAP,
        leaderboard.gap_grows,
        "CV and LB are no further apart than before",
        lambda evidence: "" if evidence.gap is not None and evidence.gaps else "there is nothing to compare with",
    ),
    Check(training.UNFINISHED, training.unfinished, "the best trial had come to its end"),
    Check(training.EDGE, training.at_edge, "the best settings lie inside of what was tried"),
)


def check_record(evidence: Evidence) -> list[Finding]:
    """The findings of all checks, at least one each."""
    return [finding for check in CHECKS for finding in _of(check, evidence)]


def _of(check: Check, evidence: Evidence) -> list[Finding]:
    found = list(check.find(evidence))[:MOST_LINES]
    if found:
        return found
    blind = check.blind(evidence)
    return [Finding(check.name, UNKNOWN, blind) if blind else Finding(check.name, OK, check.fine)]
