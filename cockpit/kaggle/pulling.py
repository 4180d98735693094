"""Brings the files home that a run at Kaggle put out: below one folder, whole, and as the run says that they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from cockpit.kaggle.answers import RemoteFile
from cockpit.kaggle.client import Client
from cockpit.kaggle.errors import GarbledError, RefusedError
from cockpit.kaggle.places import inside
from cockpit.kaggle.sums import NAME, read_sums, sha256
from cockpit.store.folder import FolderError

Told = Callable[[str, Any], None]


@dataclass(frozen=True)
class Pulled:
    """Names of files that were fetched, that were here already, and that want to lie where they must not."""

    fetched: tuple[str, ...]
    kept: tuple[str, ...]
    left: tuple[str, ...]


def pull(client: Client, kernel: str, folder: Path, told: Told = lambda name, event: None) -> Pulled:
    """Fetch all output of a kernel's newest session into `folder`, which is made.

    A run of ours lists the checksums of its files in `SHA256SUMS`: what is here already is kept, and what comes as
    something else is thrown away. Raises `KaggleError`, and `FolderError` where the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return _pull(client, kernel, folder, told)
    except OSError as error:
        raise FolderError(f"{folder}: cannot be written ({error.strerror}); what is there is gone on from") from None


def _pull(client: Client, kernel: str, folder: Path, told: Told) -> Pulled:
    listed = {file.name: file for file in client.outputs(kernel)}
    places, left = _places(folder, listed)
    known: dict[str, str] = {}
    if NAME in places:
        client.fetch(listed[NAME], places[NAME])
        known = read_sums(places[NAME])
    fetched, kept = [], []
    for name, path in places.items():
        if name == NAME:
            continue
        if name in known and path.is_file() and sha256(path) == known[name]:
            kept.append(name)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        came = client.fetch(listed[name], path, partial(told, name))
        if known.get(name, came.sha256) != came.sha256:
            path.unlink()
            raise GarbledError(f"{name}: is not what the run says that it wrote; it was thrown away, pull again")
        fetched.append(name)
    return Pulled(tuple(fetched), tuple(kept), tuple(left))


def _places(folder: Path, listed: dict[str, RemoteFile]) -> tuple[dict[str, Path], list[str]]:
    """Where each file goes, and the names of those that nowhere is right for."""
    places, left = {}, []
    for name in listed:
        try:
            places[name] = inside(folder, name)
        except RefusedError:
            left.append(name)
    return places, left
