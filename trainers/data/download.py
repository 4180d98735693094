"""Fetches a file over HTTP, whole or not at all. Needs the standard library only."""

from __future__ import annotations

import shutil
import urllib.error
import urllib.request
from http.client import HTTPException
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

from trainers.contract import InputError
from trainers.files import write_atomically

# Seconds without a byte after which a host counts as silent.
SILENCE = 60.0
_PIECE = 1 << 20


class FetchError(Exception):
    """A file could not be fetched. The message is one line: what, from where, and what to do."""


def fetch(url: str, path: Path, silence: float = SILENCE) -> None:
    """Writes what stands at an http or https address to `path`.

    Raises `InputError` for another kind of address, and `FetchError` when the host cannot be reached, refuses, falls
    silent or ends early; nothing is at `path` then.
    """
    if urlsplit(url).scheme not in ("http", "https"):
        raise InputError(f"{url} is no http or https address")
    try:
        with urllib.request.urlopen(url, timeout=silence) as answer:
            announced = answer.headers.get("Content-Length")
            write_atomically(path, lambda stream: _copy(answer, stream, announced))
    except (OSError, HTTPException, ValueError) as error:
        cause: object = getattr(error, "reason", error)
        if isinstance(error, urllib.error.HTTPError):
            cause = error
            error.close()
        reason = " ".join(str(cause).split()) or type(error).__name__
        raise FetchError(
            f"{url} cannot be fetched ({reason}); fetch it where there is a network and put it at {path}"
        ) from error


def _copy(answer: BinaryIO, stream: BinaryIO, announced: str | None) -> None:
    shutil.copyfileobj(answer, stream, _PIECE)
    if announced is not None and stream.tell() != int(announced):
        raise OSError(f"it ended after {stream.tell()} of {announced} bytes")
