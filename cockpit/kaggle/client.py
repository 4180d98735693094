"""Typed calls to Kaggle. Importing this loads nothing of Kaggle's client and touches no network.

Calls that change nothing are asked again after trouble that passes. Those that change something are asked once: their
caller writes down what it is about to do and looks up what came of it (see `intents`).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from cockpit.events.text import one_line
from cockpit.kaggle import answers
from cockpit.kaggle.answers import Fetched, Leader, Limits, Pushed, Quota, RemoteFile, Run, Submission
from cockpit.kaggle.errors import (
    LateError,
    NotFoundError,
    RefusedError,
    ServiceError,
    ThrottledError,
    UnreachableError,
)
from cockpit.kaggle.process import Helper
from cockpit.kaggle.retries import Retries
from cockpit.kaggle.states import DatasetState, RunState, dataset_state

CALL_SECONDS = 75.0  # the helper gives a request up after 60
QUIET_SECONDS = 90.0  # without a byte, or without a line of a log
UPLOAD_SECONDS = 3600.0  # the client says nothing while it sends a file
IDLE_SECONDS = 5.0  # before a log that brought nothing is asked for again
QUEUED_SECONDS = 30.0  # between looks at a run that has not begun
AT_ONCE_SECONDS = 10.0  # a stream that lasted longer was only silent
PAGE, MOST_PAGES = 100, 50
Told = Callable[[Any], None]


class Client:
    """Calls of one user. Close it, or use it in a `with`: a process stands behind it."""

    def __init__(
        self, helper: Helper | None = None, retries: Retries | None = None, call_seconds: float = CALL_SECONDS
    ) -> None:
        self._helper = helper or Helper()
        self._retries = retries or Retries()
        self._call_seconds = call_seconds

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._helper.close()

    @property
    def user(self) -> str:
        """The name of who is logged in. Raises `NoLoginError` where nobody is."""
        self._helper.start()
        return self._helper.user

    def quota(self) -> Quota:
        """What is left of this week's accelerators."""
        return answers.as_quota(self._read("get_accelerator_quota_statistics"))

    # Competitions

    def limits(self, competition: str) -> Limits:
        """How often one may submit."""
        return answers.as_limits(self._read("get_submission_limits", competitionName=competition))

    def submissions(self, competition: str) -> list[Submission]:
        """All submissions of the user's team, newest first."""
        found = self._pages("list_submissions", "submissions", {"competitionName": competition})
        return [answers.as_submission(row) for row in found]

    def leaderboard(self, competition: str, most: int) -> list[Leader]:
        """The first `most` places."""
        found = self._pages("get_leaderboard", "submissions", {"competitionName": competition}, most)
        return [answers.as_leader(place, row) for place, row in enumerate(found[:most], start=1)]

    def files(self, competition: str, most: int) -> list[RemoteFile]:
        """The first `most` files of a competition's data, and maybe a few more."""
        found = self._pages("list_data_files", "files", {"competitionName": competition}, most)
        return [answers.as_file(row) for row in found]

    def download(self, competition: str, file: str, path: Path, told: Told = lambda event: None) -> Fetched:
        """Fetch one file of a competition to `path`; all of them in one archive without `file`."""
        call = "download_data_file" if file else "download_data_files"
        request = {"competitionName": competition, **({"fileName": file} if file else {})}
        return self._fetch("download", {"call": call, "request": request, "path": str(path.absolute())}, told)

    def upload_submission(self, competition: str, path: Path) -> str:
        """Send a file that is to be submitted; return its token. Nothing is submitted yet."""
        return self._upload("start_submission_upload", path, competitionName=competition, fileName=path.name)

    def create_submission(self, competition: str, token: str, description: str) -> int:
        """Submit an uploaded file; return the submission's number, 0 where the service does not tell it."""
        said = self._change(
            "create_submission",
            competitionName=competition,
            blobFileTokens=token,
            submissionDescription=description,
        )
        return answers.whole(said.get("ref")) or 0

    def create_code_submission(self, competition: str, kernel: str, version: int, file: str, description: str) -> int:
        """Submit what a version of a kernel `owner/slug` put out; return the submission's number or 0."""
        owner, slug = split_ref(kernel)
        said = self._change(
            "create_code_submission",
            competitionName=competition,
            kernelOwner=owner,
            kernelSlug=slug,
            kernelVersion=version,
            fileName=file,
            submissionDescription=description,
        )
        return answers.whole(said.get("ref")) or 0

    # Datasets

    def dataset_state(self, ref: str) -> DatasetState | None:
        """The state of a dataset `owner/slug`; None when there is none."""
        owner, slug = split_ref(ref)
        try:
            return dataset_state(self._read("get_dataset_status", ownerSlug=owner, datasetSlug=slug).get("status"))
        except NotFoundError:
            return None

    def dataset_notes(self, ref: str) -> list[str] | None:
        """What was written of each version of a dataset, and of the dataset itself; None when there is none."""
        owner, slug = split_ref(ref)
        try:
            said = self._read("get_dataset", ownerSlug=owner, datasetSlug=slug)
        except NotFoundError:
            return None
        notes = [answers.text(row, "versionNotes") for row in answers.rows(said, "versions")]
        return [*notes, answers.text(said, "description")]

    def upload_file(self, path: Path) -> str:
        """Send a file of a dataset; return its token. Nothing uses it yet."""
        return self._upload("start_blob_upload", path, type="DATASET", name=path.name)

    def create_dataset(self, ref: str, title: str, tokens: list[str], description: str, license_name: str) -> str:
        """Make a private dataset `owner/slug` of uploaded files; return its address."""
        owner, slug = split_ref(ref)
        said = self._change(
            "create_dataset",
            ownerSlug=owner,
            slug=slug,
            title=title,
            licenseName=license_name,
            isPrivate=True,
            files=[{"token": token} for token in tokens],
            description=description,
        )
        return answers.text(said, "url")

    def create_dataset_version(self, ref: str, tokens: list[str], notes: str) -> str:
        """Make a new version of a dataset of uploaded files; return its address."""
        owner, slug = split_ref(ref)
        body = {"versionNotes": notes, "files": [{"token": token} for token in tokens]}
        said = self._change("create_dataset_version", ownerSlug=owner, datasetSlug=slug, body=body)
        return answers.text(said, "url")

    # Kernels

    def save_kernel(self, body: Mapping[str, Any]) -> Pushed:
        """Push a version of a kernel, which starts it. `body` is the service's message `ApiSaveKernelRequest`.

        What the service left out of it is `invalid` in the answer.
        """
        said = self._change("save_kernel", **body)
        version = answers.whole(said.get("versionNumber")) or 0
        return Pushed(answers.text(said, "ref"), answers.text(said, "url"), version, _invalid(said))

    def kernel_version(self, kernel: str) -> int:
        """The newest version of a kernel. Raises `NotFoundError` where there is no such kernel."""
        said = answers.part(self._read("get_kernel", **_kernel(kernel)), "metadata")
        return answers.whole(said.get("currentVersionNumber")) or 0

    def run(self, kernel: str) -> Run:
        """How the newest session of a kernel `owner/slug` does."""
        return answers.as_run(self._read("get_kernel_session_status", **_kernel(kernel)))

    def outputs(self, kernel: str) -> list[RemoteFile]:
        """The files that a kernel's newest session put out."""
        found = self._pages("list_kernel_session_output", "files", _kernel(kernel))
        return [answers.as_file(row) for row in found]

    def log_so_far(self, kernel: str) -> list[Mapping[str, Any]]:
        """The log of a kernel's newest session as the service keeps it; while the session runs it may be behind."""
        text = self._read("list_kernel_session_output", **_kernel(kernel)).get("log") or "[]"
        try:
            said = json.loads(text)
        except ValueError:
            return [{"data": line + "\n"} for line in str(text).splitlines()]
        return [one for one in said if isinstance(one, dict)] if isinstance(said, list) else []

    def fetch(self, file: RemoteFile, path: Path, told: Told = lambda event: None, most: int | None = None) -> Fetched:
        """Fetch a file that has an address to `path`. Raises `OversizeError` for one of more than `most` bytes."""
        limit = {} if most is None else {"most": most}
        return self._fetch("fetch", {"url": file.url, "path": str(path.absolute()), **limit}, told)

    def cancel_session(self, session: int) -> None:
        """End a session by its number, which only the run itself may know."""
        self._change("cancel_kernel_session", kernelSessionId=session)

    def log(self, kernel: str, most_failures: int = 10) -> Iterator[Mapping[str, Any]]:
        """The log of a kernel's newest session, event by event and each once, until the session is over.

        The service cuts streams, which looks like their end, and begins at the first event again. So what was seen is
        counted, and a log is whole when the session was over before it was asked for. A run may be silent for long.
        Raises the error of the last of `most_failures` connections in a row that broke at once.
        """
        seen = failures = 0
        while True:
            state, before, began = self.run(kernel).state, seen, time.monotonic()
            if state is RunState.QUEUED:
                self._retries.sleep(QUEUED_SECONDS)
                continue
            try:
                for is_answer, said in self._helper.stream("follow", {"kernel": kernel, "skip": seen}, QUIET_SECONDS):
                    if not is_answer:
                        seen += 1
                        yield answers.document(said, "follow")
                if state.is_over:
                    return
                failures = 0
            except (NotFoundError, UnreachableError, LateError, ServiceError, ThrottledError):
                at_once = seen == before and time.monotonic() - began < AT_ONCE_SECONDS
                failures = failures + 1 if at_once else 0
                if failures == most_failures:
                    raise
            if seen == before:
                self._retries.sleep(IDLE_SECONDS)

    def _read(self, call: str, **body: Any) -> answers.Document:
        return self._retries(lambda: self._ask(call, body))

    def _change(self, call: str, **body: Any) -> answers.Document:
        said = self._ask(call, body)
        _refuse_errors(said)
        return said

    def _ask(self, call: str, body: Mapping[str, Any]) -> answers.Document:
        return answers.document(self._helper.ask(call, body, self._call_seconds), call)

    def _pages(self, call: str, key: str, body: Mapping[str, Any], most: int | None = None) -> list[answers.Document]:
        found: list[answers.Document] = []
        token = ""
        for _ in range(MOST_PAGES):
            said = self._read(call, **body, pageSize=PAGE, **({"pageToken": token} if token else {}))
            found += answers.rows(said, key)
            token = str(said.get("nextPageToken") or "")
            if not token or (most is not None and len(found) >= most):
                break
        return found

    def _upload(self, call: str, path: Path, **body: Any) -> str:
        size, at = path.stat().st_size, int(path.stat().st_mtime)
        said = self._read(call, **body, contentLength=size, lastModifiedEpochSeconds=at)
        token, url = str(said.get("token") or ""), str(said.get("createUrl") or "")
        if not token or not url:
            raise RefusedError(f"{path.name}: Kaggle gave no address to upload it to")
        self._helper.ask("upload", {"path": str(path.absolute()), "url": url}, UPLOAD_SECONDS)
        return token

    def _fetch(self, call: str, body: Mapping[str, Any], told: Told) -> Fetched:
        said = self._retries(lambda: self._helper.ask(call, body, QUIET_SECONDS, told))
        return Fetched(int(said["bytes"]), str(said["sha256"]), str(said["served"]))


def split_ref(ref: str) -> tuple[str, str]:
    """`owner/slug` in its two parts. Raises `RefusedError` for anything else."""
    owner, slash, slug = ref.partition("/")
    if not (owner and slash and slug) or "/" in slug:
        raise RefusedError(f"{ref}: write it as OWNER/NAME")
    return owner, slug


def _kernel(ref: str) -> dict[str, str]:
    owner, slug = split_ref(ref)
    return {"userName": owner, "kernelSlug": slug}


def _refuse_errors(said: answers.Document) -> None:
    """An answer may carry an error and be a success by its status."""
    error = answers.text(said, "error") or answers.text(said, "errorMessage")
    if error:
        raise RefusedError(f"Kaggle: {error}")


def _invalid(said: answers.Document) -> str:
    """What the service did not like and went on without."""
    invalid = {key: said[key] for key in said if key.startswith("invalid") and said[key]}
    return one_line("; ".join(f"{key}: {', '.join(map(str, value))}" for key, value in invalid.items()))
