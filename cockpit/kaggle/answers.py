"""What the service answers, as plain frozen values. Texts from there are made harmless here, once."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cockpit.events.text import one_line
from cockpit.kaggle.errors import GarbledError
from cockpit.kaggle.states import RunState, SubmissionState, run_state, submission_state

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Accelerator:
    """Seconds of one kind of accelerator in this week; `allowed` is None where the service does not say."""

    used: float
    allowed: float | None

    @property
    def left(self) -> float | None:
        return None if self.allowed is None else max(0.0, self.allowed - self.used)


@dataclass(frozen=True, slots=True)
class Quota:
    """What is left of a week. `resets` is in seconds since 1970."""

    gpu: Accelerator
    tpu: Accelerator
    resets: float | None


@dataclass(frozen=True, slots=True)
class Limits:
    """How often one may submit; `allowed_now` counts what is still possible today."""

    today: int
    total: int
    allowed_now: int
    limited_by_total: bool


@dataclass(frozen=True, slots=True)
class Submission:
    """One submission as the list shows it. Scores are None before there are any."""

    ref: int
    state: SubmissionState
    word: str
    file: str
    description: str
    public: float | None
    private: float | None
    error: str
    at: float | None


@dataclass(frozen=True, slots=True)
class Leader:
    """One line of a leaderboard, `place` counting from 1."""

    place: int
    team: str
    score: float | None
    score_text: str


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file that can be fetched. `name` is as the service has it: it may want to lie anywhere, and may not.

    `size` is in bytes, None where it is not told; `url` is empty where a call fetches it.
    """

    name: str
    size: int | None = None
    url: str = ""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file that came. `served` is the name in its address, which tells that a table came as an archive."""

    size: int
    sha256: str
    served: str


@dataclass(frozen=True, slots=True)
class Run:
    """A session of a kernel."""

    state: RunState
    word: str
    failure: str


@dataclass(frozen=True, slots=True)
class Pushed:
    """A version of a kernel that was taken; submissions to code competitions name it.

    `invalid` says which sources and tags the service left out: such a run may have no data.
    """

    ref: str
    url: str
    version: int
    invalid: str


def as_quota(said: Document) -> Quota:
    return Quota(
        _accelerator(part(said, "gpuQuota")), _accelerator(part(said, "tpuQuota")), moment(said.get("quotaRefreshTime"))
    )


def as_limits(said: Document) -> Limits:
    numbers = [whole(said.get(key)) or 0 for key in ("numToday", "numTotal", "numAllowedNow")]
    return Limits(numbers[0], numbers[1], numbers[2], said.get("limitedByTotal") is True)


def as_submission(said: Document) -> Submission:
    return Submission(
        ref=whole(said.get("ref")) or 0,
        state=submission_state(said.get("status")),
        word=text(said, "status"),
        file=text(said, "fileName"),
        description=text(said, "description"),
        public=number(said.get("publicScore")),
        private=number(said.get("privateScore")),
        error=text(said, "errorDescription"),
        at=moment(said.get("date")),
    )


def as_leader(place: int, said: Document) -> Leader:
    return Leader(place, text(said, "teamName"), number(said.get("score")), text(said, "score"))


def as_file(said: Document) -> RemoteFile:
    return RemoteFile(
        str(said.get("name") or said.get("fileName") or ""), whole(said.get("totalBytes")), str(said.get("url") or "")
    )


def as_run(said: Document) -> Run:
    return Run(run_state(said.get("status")), text(said, "status"), text(said, "failureMessage"))


def document(said: Any, call: str) -> Document:
    """An answer that has to be an object."""
    if not isinstance(said, Mapping):
        raise GarbledError(f"Kaggle's answer to {call} is of another kind than it should be")
    return said


def rows(said: Document, key: str) -> list[Document]:
    """A list of objects; empty where it was left out."""
    found = said.get(key) or []
    return [row for row in found if isinstance(row, Mapping)] if isinstance(found, list) else []


def part(said: Document, key: str) -> Document:
    found = said.get(key)
    return found if isinstance(found, Mapping) else {}


def text(said: Document, key: str) -> str:
    found = said.get(key)
    return "" if found is None else one_line(str(found))


def whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def number(value: object) -> float | None:
    """Scores come as texts; `None` and an empty one are no score."""
    try:
        found = float(str(value))
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def moment(value: object) -> float | None:
    """Seconds since 1970 of `2026-12-05T00:00:00.123Z`."""
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _accelerator(said: Document) -> Accelerator:
    return Accelerator(_seconds(said.get("timeUsed")) or 0.0, _seconds(said.get("totalTimeAllowed")))


def _seconds(value: object) -> float | None:
    """A length of time such as `5400s` or `72000.5s`."""
    return None if value is None else number(str(value).removesuffix("s"))
