"""What checks of an experiment found: a question for each thing that looks wrong, and what was looked at."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.checks.finding import OK, REMARK, UNKNOWN, Finding
from cockpit.checks.kept import Look
from cockpit.checks.same import RERUN
from cockpit.diary.facts import Facts
from cockpit.diary.markdown import escaped


def doubts(facts: Facts) -> Iterator[str]:
    """A list, one line for each doubt and for each trial that was looked at once more; none of a running sweep."""
    if facts.sweep.ended is not None:
        yield from (f"- ⚠ {escaped(finding.text)}" for finding in facts.findings if finding.is_bad)
        yield from (f"- {escaped(finding.text)}" for finding in facts.findings if finding.level == REMARK)
    for look in facts.looks:
        yield from _of(look)


def _of(look: Look) -> Iterator[str]:
    again = [finding for finding in look.findings if finding.check == RERUN]
    yield from (f"- {'⚠ ' if finding.is_bad else ''}run again: {escaped(finding.text)}" for finding in again)
    if again:
        return
    bad = [finding for finding in look.findings if finding.is_bad]
    yield from (f"- ⚠ {look.trial}, {escaped(finding.check)}: {escaped(finding.text)}" for finding in bad)
    fine = _checks(look.findings, OK)
    if fine:
        yield f"- {look.trial} checked: {escaped(fine)}: {'no shift' if not bad else 'these hold'}"
    if not fine and not bad:
        reasons = "; ".join(finding.text for finding in look.findings if finding.level == UNKNOWN)
        yield f"- {look.trial} could not be checked: {escaped(reasons)}"


def _checks(findings: list[Finding], level: str) -> str:
    return ", ".join(finding.check for finding in findings if finding.level == level)
