"""What happened to a sweep on its way: commands, further attempts, and when it was taken up again."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.diary.facts import Facts
from cockpit.diary.markdown import code, escaped
from cockpit.store.command_words import clock_text, deeds
from cockpit.store.history import AttemptRow
from cockpit.store.numbers import counted

MOST_LINES = 8
LONGEST_ERROR = 80
_BY_POPULATION = "pbt "  # how the reason of a pause begins that population based training made


def events(facts: Facts, most: int | None = MOST_LINES) -> Iterator[str]:
    """A list, one line for each thing that happened; none where a sweep ran from its beginning to its end.

    Of more than `most` the first are told, unless that is None.
    """
    lines = [*map(escaped, [*_taken_up(facts), *_went_on(facts)]), *_mutations(facts)]
    lines += map(escaped, deeds(facts.commands, facts.sweep.started))
    if not lines:
        return
    shown = lines if most is None or len(lines) <= most else lines[: most - 1]
    yield "**on the way**"
    yield ""
    yield from (f"- {line}" for line in shown)
    if len(shown) < len(lines):
        yield f"- … {len(lines) - len(shown)} more: {code(f'cockpit show {facts.sweep.experiment}')}"


def open_trials(facts: Facts) -> Iterator[str]:
    """Trials that are not over and do not run: what they wait for."""
    resting = [trial for trial in facts.trials if trial.status in ("paused", "waiting")]
    for status in ("paused", "waiting"):
        ids = [trial.id for trial in resting if trial.status == status]
        if ids:
            more = f" and {len(ids) - 5} more" if len(ids) > 5 else ""
            yield f"**{status}** {', '.join(ids[:5])}{more}"


def _taken_up(facts: Facts) -> Iterator[str]:
    for at, after in facts.history.taken_up:
        yield f"taken up again {clock_text(at, facts.sweep.started)}, after {after or 'it was cut off'}"


def _went_on(facts: Facts) -> Iterator[str]:
    """How many trials went on after which kind of mishap; pauses that somebody wanted are told with the commands."""
    lost = failed = 0
    errors: dict[str, int] = {}
    for attempts in facts.history.attempts.values():
        former = attempts[:-1]
        lost += any(_was_cut_off(attempt) for attempt in former)
        failed += any(attempt.error for attempt in former)
        for attempt in former:
            if attempt.error:
                errors[attempt.error] = errors.get(attempt.error, 0) + 1
    if lost:
        yield f"{counted(lost, 'trial')} went on after being cut off"
    if failed:
        most = max(errors, key=lambda error: errors[error])
        kinds = f", and {counted(len(errors) - 1, 'other error')}" if len(errors) > 1 else ""
        text = most if len(most) <= LONGEST_ERROR else f"{most[: LONGEST_ERROR - 1]}…"
        yield f"{counted(failed, 'trial')} went on after a failure ({text}{kinds})"


def _was_cut_off(attempt: AttemptRow) -> bool:
    """Whether it ended with its sweep, or nobody knows how."""
    return not attempt.error and (attempt.status not in ("paused", "waiting") or attempt.why == "it was cut off")


def _mutations(facts: Facts) -> Iterator[str]:
    changed = [
        (trial, attempt)
        for trial, attempts in facts.history.attempts.items()
        for attempt in attempts
        if attempt.why.startswith(_BY_POPULATION)
    ]
    if changed:
        trials = {trial for trial, _ in changed}
        last = changed[-1][0]
        yield (
            f"pbt gave {counted(len(trials), 'trial')} other settings, {counted(len(changed), 'time')} in all: "
            f"{code(f'cockpit show {facts.sweep.experiment}/{last}')}"
        )
