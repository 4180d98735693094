"""What becomes of things at Kaggle, as states of ours. A word that is not known here is `unknown`, never a failure."""

from __future__ import annotations

import re
from enum import Enum
from typing import TypeVar

S = TypeVar("S", bound=Enum)


class RunState(Enum):
    """A session of a kernel. The service leaves the first of its words out, so a missing one is `queued`."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETE = "complete"
    ERROR = "error"
    CANCEL_REQUESTED = "cancel requested"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"

    @property
    def is_over(self) -> bool:
        return self in (RunState.COMPLETE, RunState.ERROR, RunState.CANCELLED)


class SubmissionState(Enum):
    """A submission, from its arrival to its score."""

    PENDING = "pending"
    COMPLETE = "complete"
    ERROR = "error"
    UNKNOWN = "unknown"

    @property
    def is_over(self) -> bool:
        return self in (SubmissionState.COMPLETE, SubmissionState.ERROR)


class DatasetState(Enum):
    """The newest version of a dataset."""

    PROCESSING = "processing"
    READY = "ready"
    FAILED = "failed"
    DELETED = "deleted"
    UNKNOWN = "unknown"


_RUNS = {
    "": RunState.QUEUED,
    "QUEUED": RunState.QUEUED,
    "NEW_SCRIPT": RunState.QUEUED,
    "RUNNING": RunState.RUNNING,
    "COMPLETE": RunState.COMPLETE,
    "ERROR": RunState.ERROR,
    "CANCEL_REQUESTED": RunState.CANCEL_REQUESTED,
    "CANCEL_ACKNOWLEDGED": RunState.CANCELLED,
}
_SUBMISSIONS = {
    "": SubmissionState.PENDING,
    "PENDING": SubmissionState.PENDING,
    "COMPLETE": SubmissionState.COMPLETE,
    "ERROR": SubmissionState.ERROR,
}
_DATASETS = {
    "": DatasetState.PROCESSING,
    "NOT_YET_PERSISTED": DatasetState.PROCESSING,
    "BLOBS_RECEIVED": DatasetState.PROCESSING,
    "BLOBS_DECOMPRESSED": DatasetState.PROCESSING,
    "BLOBS_COPIED_TO_SDS": DatasetState.PROCESSING,
    "INDIVIDUAL_BLOBS_COMPRESSED": DatasetState.PROCESSING,
    "REPROCESSING": DatasetState.PROCESSING,
    "READY": DatasetState.READY,
    "FAILED": DatasetState.FAILED,
    "DELETED": DatasetState.DELETED,
}


def run_state(word: object) -> RunState:
    """The state of a session by the service's word, None for a word that was left out."""
    return _RUNS.get(_plain(word, "KERNEL_WORKER_STATUS_"), RunState.UNKNOWN)


def submission_state(word: object) -> SubmissionState:
    return _SUBMISSIONS.get(_plain(word, "SUBMISSION_STATUS_"), SubmissionState.UNKNOWN)


def dataset_state(word: object) -> DatasetState:
    return _DATASETS.get(_plain(word, "DATABUNDLE_VERSION_STATUS_"), DatasetState.UNKNOWN)


def _plain(word: object, prefix: str) -> str:
    """`CANCEL_ACKNOWLEDGED` for `cancelAcknowledged` and for the long name in the enumeration."""
    text = "" if word is None else str(word)
    if not text.isupper():
        text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text)
    return text.upper().removeprefix(prefix)
