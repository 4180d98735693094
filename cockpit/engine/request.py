"""What is asked of a trial's process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class TrialRequest:
    """One attempt at one trial. Plain JSON values only, because it travels to another process.

    A later attempt goes on from `checkpoint` where there is one, with the settings in `steered`, which somebody
    changed while an earlier one ran. `processes` work on the trial together.

    `command` is a program's command line, in place of a trainer, to be run in `directory`; its lines are searched for
    `metric`, if one was named, and by the user's regular expression `pattern`.

    `environment` holds the device assignment, which must be in place before anything touches the device.
    """

    experiment: str
    trial: str
    trainer: str
    config: Mapping[str, Any]
    folder: str
    device: str = "auto"
    threads: int = 1
    attempt: int = 1
    checkpoint: str = ""
    steered: Mapping[str, Any] = field(default_factory=dict)
    command: tuple[str, ...] = ()
    directory: str = ""
    metric: str = ""
    pattern: str = ""
    processes: int = 1
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What the attempt is called among processes: `t003#1`."""
        return attempt_name(self.trial, self.attempt)

    @property
    def path(self) -> Path:
        """The trial's folder."""
        return Path(self.folder)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def attempt_name(trial: str, attempt: int) -> str:
    """`t003#1`: one attempt at one trial, so that nothing meant for it reaches another."""
    return f"{trial}#{attempt}"


@dataclass(frozen=True)
class Outcome:
    """How a trial's process ended.

    `status` is `finished`, `paused` (it saved itself and can go on), `stopped` (it was told to), `terminated` (by a
    signal it could answer), `diverged`, `failed` or `lost` (it died without a word).
    """

    status: str
    reason: str = ""
    error: str = ""
    traceback: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)
