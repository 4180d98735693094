"""`begin`, `saved` and `note`: what a script has to say besides its steps."""

from __future__ import annotations

import os
import time

from cockpit.events.kinds import Built, Note, Saved
from cockpit.library.environment import config
from cockpit.library.guard import never_raises
from cockpit.library.recorder import current
from cockpit.library.values import whole_number


@never_raises
def begin(total_steps: int = 0, step: int = 0) -> None:
    """Say before the first step how many there will be, so that progress and time left are known.

    `step` is the last step of the checkpoint that the script goes on from, 0 at a fresh start: whatever was recorded
    beyond it by an earlier process has not happened.
    """
    recorder = current()
    if recorder is None:
        return
    last = whole_number(step) or 0
    recorder.step = last or recorder.step
    recorder.write(Built(effective=config(), total_steps=whole_number(total_steps) or 0, step=last))


@never_raises
def saved(path: str | os.PathLike[str], step: int | None = None, label: str = "last") -> None:
    """Say that the file or folder at `path` is completely written. Without `step` it is of the last one.

    `label` is `last` for what the training can go on from, `best`, or a word of one's own.
    """
    recorder = current()
    if recorder is None:
        return
    at = whole_number(step) if step is not None else None
    where = os.path.abspath(os.fsdecode(path))  # noqa: PTH100 - the name may be bytes
    recorder.write(Saved(path=where, step=(recorder.step or 0) if at is None else at, label=str(label)))


@never_raises
def note(text: str) -> None:
    """Keep a line of text with the trial."""
    recorder = current()
    if recorder is not None:
        recorder.write(Note(text=str(text), at=time.time()))
