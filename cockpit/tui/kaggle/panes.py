"""An overview of a Kaggle account as the panes of its screen say it."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Collection, Iterator, Mapping
from pathlib import PurePath

from cockpit.kaggle.answers import Accelerator, Quota
from cockpit.kaggle.intents import DONE, PLANNED, REFUSED, SENDING, Intent
from cockpit.kaggle.overview import Overview, SentRun
from cockpit.kaggle.scoring import Scored
from cockpit.kaggle.states import RunState, SubmissionState
from cockpit.store.numbers import HOUR, MINUTE, age_text
from cockpit.store.scores import score_text
from cockpit.tui.errands import Word
from cockpit.tui.glyphs import Glyphs, status_style
from cockpit.tui.kaggle.watch import Heard
from cockpit.tui.widgets.columns import Cell, Column
from cockpit.tui.widgets.gauges import Gauge, Item, Words

SLOW_SECONDS = 6.0  # from here on it is said that Kaggle does not answer
NEARLY_USED = 0.9

RUNS = (
    Column("search", "search", right=False, priority=90),
    Column("state", "state", right=False, priority=100),
    Column("device", "device", right=False, priority=60),
    Column("experiment", "here", right=False, priority=80),
    Column("age", "age", priority=70),
    Column("note", "", right=False, priority=95, least=16, grow=True),
)
SUBMISSIONS = (
    Column("competition", "competition", right=False, priority=90),
    Column("of", "of", right=False, priority=80),
    Column("state", "state", right=False, priority=85),
    Column("public", "public", priority=100),
    Column("private", "private", priority=95),
    Column("age", "age", priority=65),
    Column("note", "", right=False, priority=60, least=20, grow=True),
)
_RUN_STATUS = {
    RunState.QUEUED: "queued",
    RunState.RUNNING: "running",
    RunState.COMPLETE: "finished",
    RunState.ERROR: "failed",
    RunState.CANCEL_REQUESTED: "stopped",
    RunState.CANCELLED: "stopped",
    RunState.UNKNOWN: "silent",
}
_SUBMISSION_STATUS = {
    SubmissionState.PENDING: "queued",
    SubmissionState.COMPLETE: "finished",
    SubmissionState.ERROR: "failed",
    SubmissionState.UNKNOWN: "silent",
}
# What the ledger says of a change that Kaggle has not taken.
_PHASES = {
    PLANNED: ("waiting", "not sent", "the same command again sends it"),
    SENDING: ("silent", "not certain", "the same command again looks whether Kaggle has it"),
    REFUSED: ("failed", "refused", ""),
}


def account_items(heard: Heard, word: Word | None, width: int, colours: Mapping[str, str]) -> list[Item]:
    """The week's accelerators, and before them what is wrong and the `word` of the last command, wrapped to `width`.

    `colours` are the theme's.
    """
    quota = heard.overview.quota
    said = [("warning", trouble_text(heard)), *(("error", text) for text in _mismatches(heard.overview))]
    said += [(word.tone, word.text)] if word is not None else []
    items: list[Item] = [
        Words(line, f"bold {colours.get(name, '')}".strip())
        for name, text in said
        for line in textwrap.wrap(text, max(20, width), break_on_hyphens=False)
    ]
    if quota is not None:
        items += [_gauge("GPU", quota.gpu), _gauge("TPU", quota.tpu)]
    elif not trouble_text(heard):
        items.append(Words("asking Kaggle…", "dim"))
    return items


def _mismatches(overview: Overview) -> Iterator[str]:
    """The runs that got another device than they asked for, and still use it."""
    for run in overview.runs:
        if run.mismatch and not run.is_over:
            yield f"{run.kernel}: {run.mismatch}: stop?"


def trouble_text(heard: Heard) -> str:
    """Why there is nothing newer, in a sentence; empty where all is well."""
    waited = waited_seconds(heard)
    if waited >= SLOW_SECONDS:
        return "Kaggle does not answer; it is still waited for, and everything else goes on"
    return heard.trouble


def waited_seconds(heard: Heard) -> float:
    """For how long Kaggle has kept an answer back."""
    return 0.0 if heard.asked is None else time.monotonic() - heard.asked


def asking_text(heard: Heard) -> str:
    """What is being waited for, or when the figures were asked for."""
    waited = waited_seconds(heard)
    if waited >= 1:
        return f"asking Kaggle… {waited:.0f} s"
    return "" if heard.at is None else f"as of {time.strftime('%H:%M', time.localtime(heard.at))}"


def resets_text(quota: Quota | None) -> str:
    if quota is None or quota.resets is None:
        return "this week"
    return f"this week, anew on {time.strftime('%a %d %b %H:%M', time.localtime(quota.resets))}"


def _gauge(label: str, hours: Accelerator) -> Gauge:
    used = f"{hours.used / HOUR:.1f} h used"
    if hours.allowed is None or hours.left is None:
        return Gauge(label, 0.0, f"{used}, Kaggle does not say of how many")
    share = hours.used / hours.allowed if hours.allowed else 1.0
    return Gauge(
        label,
        share,
        f"{used}, {hours.left / HOUR:.1f} h left of {hours.allowed / HOUR:.1f} h",
        (),
        share >= NEARLY_USED,
    )


def run_cells(sent: SentRun, followed: Collection[str], now: float, glyphs: Glyphs) -> tuple[Cell, ...]:
    """What stands in each of `RUNS`; `followed` are the kernels that somebody follows into this folder."""
    here = " ".join(filter(None, (sent.experiment, "following" if sent.kernel in followed else "")))
    return (
        Cell(_name(sent), "bold"),
        _run_state(sent, glyphs),
        Cell(device_text(sent)),
        Cell(here or "—", "" if here else "dim"),
        Cell(_age(sent.intent, now)),
        Cell(run_note(sent), "bold $error" if sent.mismatch else ""),
    )


def _name(sent: SentRun) -> str:
    """The search that was pushed, or the kernel where it was something else."""
    return PurePath(str(sent.intent.facts.get("search", ""))).stem or sent.kernel or sent.intent.subject


def _run_state(sent: SentRun, glyphs: Glyphs) -> Cell:
    if sent.intent.phase != DONE:
        return _phase(sent.intent, glyphs)
    if sent.run is None:
        return Cell("not asked", "dim")
    return _state(_RUN_STATUS[sent.run.state], sent.run.state.value, glyphs)


def device_text(sent: SentRun) -> str:
    """What the run says that it got, or what was asked for until it does."""
    asked = str(sent.intent.facts.get("accelerator") or "CPU")
    if not sent.receipt or asked == "CPU":
        return asked
    return f"{sent.receipt.get('device') if sent.mismatch else asked} × {sent.receipt.get('count')}"


def run_note(sent: SentRun) -> str:
    """What has to be known of a run beyond its state; what asks for something to be done comes first."""
    invalid = str(sent.intent.result.get("invalid") or "")
    run = sent.run
    word = f"Kaggle calls it {run.word.lower()}" if run is not None and run.state is RunState.UNKNOWN else ""
    return "; ".join(
        filter(
            None,
            (
                f"{sent.mismatch}{'' if sent.is_over else ': stop?'}" if sent.mismatch else "",
                f"started without some of its data: {invalid}" if invalid else "",
                run.failure if run is not None else "",
                word,
                _phase_note(sent.intent),
                sent.trouble,
            ),
        )
    )


def submission_cells(sent: Scored, overview: Overview, now: float, glyphs: Glyphs) -> tuple[Cell, ...]:
    """What stands in each of `SUBMISSIONS`."""
    listed = sent.listed
    public, private = (listed.public, listed.private) if listed is not None else (None, None)
    return (
        Cell(sent.intent.subject, "bold"),
        Cell("/".join(filter(None, (sent.experiment, sent.trial)))),
        _submission_state(sent, sent.intent.subject in overview.limits, glyphs),
        _score(public),
        _score(private),
        Cell(_age(sent.intent, now)),
        Cell(submission_note(sent)),
    )


def submission_note(sent: Scored) -> str:
    """Why there is no score, where that is known."""
    return sent.listed.error if sent.listed is not None and sent.listed.error else _phase_note(sent.intent)


def _submission_state(sent: Scored, is_asked: bool, glyphs: Glyphs) -> Cell:
    if sent.intent.phase != DONE:
        return _phase(sent.intent, glyphs)
    if sent.listed is None:
        return Cell("not listed yet" if is_asked else "not asked", "dim")
    state = sent.listed.state
    return _state(_SUBMISSION_STATUS[state], state.value, glyphs)


def submissions_title(overview: Overview) -> str:
    """With what may still be submitted today, for each competition."""
    return ", ".join(["Submissions", *_limits(overview)])


def _limits(overview: Overview) -> Iterator[str]:
    for competition, limits in overview.limits.items():
        yield f"{competition}: {limits.allowed_now or 'none'} left today"


def runs_title(overview: Overview) -> str:
    going = sum(run.intent.phase == DONE and not run.is_over for run in overview.runs)
    return f"Runs, {going} not over" if going else "Runs"


def _state(status: str, word: str, glyphs: Glyphs) -> Cell:
    return Cell(f"{glyphs.status[status]} {word}", status_style(status))


def _phase(made: Intent, glyphs: Glyphs) -> Cell:
    status, word, _ = _PHASES.get(made.phase, ("silent", made.phase, ""))
    return _state(status, word, glyphs)


def _phase_note(made: Intent) -> str:
    if made.phase == REFUSED:
        return str(made.result.get("why") or "")
    return _PHASES[made.phase][2] if made.phase in _PHASES else ""


def _score(value: float | None) -> Cell:
    return Cell("—", "dim") if value is None else Cell(score_text(value))


def _age(made: Intent, now: float) -> str:
    """In minutes at the finest: a list that counted seconds would never be still."""
    seconds = max(0.0, now - made.began)
    return "<1m" if seconds < MINUTE else age_text(seconds)
