"""Writes what comes over the network into a file: piece by piece, going on where it broke off, whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

PIECE = 1 << 20
TELL_SECONDS = 0.2
ATTEMPTS = 5  # in a row that brought nothing
PART, MARK = ".part", ".part.json"


class TooLargeError(Exception):
    """A file is larger than whoever wanted it takes."""


def fetch(response: Any, path: str, tell: Callable[[Any], None], most: int | None = None) -> dict[str, Any]:
    """Save the body of a streamed response at `path`; return its `bytes`, `sha256` and, as `served`, its address' name.

    Until it is whole it is `PATH.part`; what is there of it from before is gone on from where the service says that it
    is the same file. Raises what requests raises, `OSError`, and `TooLargeError` for more than `most` bytes, of which
    nothing is left.
    """
    import requests

    passing = (requests.exceptions.ConnectionError, requests.exceptions.ChunkedEncodingError)
    part, size, tag = Part(path), _length(response), _tag(response)
    go_on = part.is_of(tag, size)
    failures = 0
    while True:
        before = part.bytes
        try:
            if go_on:
                response = _rest(response, tag, part.bytes)
            part.write(response, tag, size, tell, most)
            break
        except passing:
            failures = 1 if part.bytes > before else failures + 1
            if failures == ATTEMPTS or not tag:
                raise
            go_on = True
            time.sleep(0.2 * failures)
    if size is not None and part.bytes != size:
        raise requests.exceptions.ContentDecodingError(f"{part.bytes} bytes came, not {size}")
    return {**part.finish(), "served": PurePosixPath(urlsplit(response.url).path).name}


class Part:
    """A file on its way, and beside it what it will be."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        self._part, self._mark = Path(f"{path}{PART}"), Path(f"{path}{MARK}")

    @property
    def bytes(self) -> int:
        return self._part.stat().st_size if self._part.exists() else 0

    def is_of(self, tag: str, size: int | None) -> bool:
        """Whether what is there is the beginning of the file with this tag."""
        try:
            known = json.loads(self._mark.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return False
        return bool(tag) and known == {"tag": tag, "size": size} and 0 < self.bytes < (size or 1 << 62)

    def write(
        self, response: Any, tag: str, size: int | None, tell: Callable[[Any], None], most: int | None = None
    ) -> None:
        goes_on = response.status_code == 206
        self._mark.write_text(json.dumps({"tag": tag, "size": size}), encoding="utf-8")
        told = 0.0
        with self._part.open("ab" if goes_on else "wb") as file:
            for piece in response.iter_content(PIECE):
                file.write(piece)
                if most is not None and file.tell() > most:
                    self.drop()
                    raise TooLargeError(f"{self._path.name}: is larger than {most} bytes")
                if time.monotonic() - told > TELL_SECONDS:
                    told = time.monotonic()
                    tell({"bytes": file.tell(), "size": size})
            file.flush()
            os.fsync(file.fileno())

    def drop(self) -> None:
        """Leave nothing of it."""
        self._part.unlink(missing_ok=True)
        self._mark.unlink(missing_ok=True)

    def finish(self) -> dict[str, Any]:
        with self._part.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        size = self.bytes
        self._part.replace(self._path)
        self._mark.unlink(missing_ok=True)
        return {"bytes": size, "sha256": digest}


def _length(response: Any) -> int | None:
    text = response.headers.get("Content-Length")
    return int(text) if text and not response.headers.get("Content-Encoding") else None


def _tag(response: Any) -> str:
    """What tells that a file is still the same; empty where a part of it is of no use."""
    if response.headers.get("Content-Encoding"):
        return ""
    return str(response.headers.get("ETag") or response.headers.get("Last-Modified") or "")


def _rest(response: Any, tag: str, start: int) -> Any:
    """The rest of the file; all of it, with status 200, where it has changed meanwhile."""
    import requests

    response.close()
    sent = response.request.headers
    headers = {key: sent[key] for key in ("Authorization", "User-Agent") if key in sent}
    headers |= {"Range": f"bytes={start}-", "If-Range": tag} if start else {}
    again = requests.get(response.url, headers=headers, stream=True)
    again.raise_for_status()
    return again
