"""Keeps beside the data what voters find of every pair, so that a trial does not compute it again.

A cache belongs to the contents of the files that it was made from. As long as these have the sizes and times that they
had then, their contents are not read again. Nothing here imports torch.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from trainers.embeddings import TABLE

if TYPE_CHECKING:
    from trainers.data.voters import Member, Voters

FOLDER = ".votes"
# Another number for every change of what is computed or kept.
VERSION = 1
_SOURCES = "sources.json"
_ARRAYS = ("ids", "groups", "first", "second", "same", "cosines", "typical")
Sources = list[list[Any]]


def cached(data: Path, members: Sequence[Member], build: Callable[[], Voters]) -> Voters:
    """What `build` made earlier of the same files, or makes now. A folder that cannot be written keeps no cache."""
    sources = _sources(data, members)
    for place in _places(data):
        if _read_sources(place) == sources and (found := _load(place, members)) is not None:
            return found
    place = data / FOLDER / _key(members)
    found = _load(place, members)
    if found is None:
        found = build()
        _keep(place, found, sources)
    else:
        _note_sources(place, sources)
    return found


def _files(members: Sequence[Member]) -> list[Path]:
    return [path for member in members for path in (member.folder / TABLE, *member.outputs.values())]


def _sources(data: Path, members: Sequence[Member]) -> Sources:
    """Name, size and time of every file: reason enough to think that contents are as they were."""
    found: Sources = [[VERSION]]
    for path in _files(members):
        stat = path.stat()
        found.append([path.relative_to(data).as_posix(), stat.st_size, stat.st_mtime_ns])
    return found


def _key(members: Sequence[Member]) -> str:
    """A digest of all contents."""
    digest = hashlib.blake2b(str(VERSION).encode(), digest_size=16)
    for path in _files(members):
        digest.update(f"{path.parent.name}/{path.name}:{path.stat().st_size}\n".encode())
        with path.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def _places(data: Path) -> list[Path]:
    folder = data / FOLDER
    return sorted(place for place in folder.iterdir() if place.is_dir()) if folder.is_dir() else []


def _read_sources(place: Path) -> Any:
    try:
        return json.loads((place / _SOURCES).read_bytes())
    except (OSError, ValueError):
        return None


def _load(place: Path, members: Sequence[Member]) -> Voters | None:
    """What was kept; None where it is not there, or not whole. Large arrays are read as they are looked at."""
    from trainers.data.voters import Voters

    try:
        arrays = {name: np.load(place / f"{name}.npy", mmap_mode="r", allow_pickle=False) for name in _ARRAYS}
        dropped = int(np.load(place / "dropped.npy", allow_pickle=False))
    except (OSError, ValueError, EOFError):
        return None
    outputs = tuple((number, output) for number, member in enumerate(members) for output in member.outputs)
    pairs = len(arrays["first"])
    if arrays["cosines"].shape != (len(outputs), pairs) or any(
        len(arrays[name]) != pairs for name in ("second", "same", "typical")
    ):
        return None
    return Voters(tuple(member.name for member in members), outputs, **arrays, dropped=dropped)


def _keep(place: Path, voters: Voters, sources: Sources) -> None:
    part = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        part.mkdir(parents=True)
        for name in _ARRAYS:
            np.save(part / f"{name}.npy", getattr(voters, name), allow_pickle=False)
        np.save(part / "dropped.npy", np.array(voters.dropped))
        (part / _SOURCES).write_text(json.dumps(sources), encoding="utf-8")
        part.rename(place)
    except OSError:
        # Nobody may write here, the disk is full, or another trial was faster: the voters are there all the same.
        shutil.rmtree(part, ignore_errors=True)


def _note_sources(place: Path, sources: Sources) -> None:
    """The same contents have other times, as those of a copy have."""
    part = place / f".{_SOURCES}.{os.getpid()}"
    try:
        part.write_text(json.dumps(sources), encoding="utf-8")
        part.replace(place / _SOURCES)
    except OSError:
        part.unlink(missing_ok=True)
