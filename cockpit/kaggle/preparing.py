"""Brings a competition's files to where trainers look for them: tables and folders below one data folder.

`train_images.zip` becomes the folder `train_images/`, `train.csv.zip` the table `train.csv`, and `SHA256SUMS` beside
them has the checksums of all, in the format of the `sha256sum` command. What is there already is not fetched again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cockpit.kaggle.answers import RemoteFile
from cockpit.kaggle.client import Client
from cockpit.kaggle.errors import GarbledError, RefusedError
from cockpit.kaggle.places import inside
from cockpit.kaggle.sums import sha256, write_sums
from cockpit.kaggle.unpacking import ENDING, Made, unpack
from cockpit.store.folder import FolderError
from cockpit.store.summary import replace_file

STATE = ".kaggle.json"
MOST_SINGLE = 40  # files that are fetched one by one; of more, all come as one archive


@dataclass(frozen=True)
class Prepared:
    """What a data folder holds now, and which of its parts were there before."""

    folder: Path
    files: tuple[Made, ...]
    fetched: int
    kept: int

    @property
    def bytes(self) -> int:
        return sum(file.size for file in self.files)


Told = Callable[[str, Any], None]


def prepare(client: Client, competition: str, folder: Path, told: Told = lambda name, event: None) -> Prepared:
    """Fetch and unpack all files of a competition. Going on after an interruption is the same call again.

    `told` gets the name of the file that is under way and how much of it is there. Raises `KaggleError`, and
    `FolderError` where the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return _prepare(client, competition, folder, told)
    except OSError as error:
        raise FolderError(f"{folder}: cannot be written ({error.strerror}); what is there is gone on from") from None


def _prepare(client: Client, competition: str, folder: Path, told: Told) -> Prepared:
    wanted = _wanted(competition, client.files(competition, MOST_SINGLE + 1))
    state = _State(folder, competition)
    kept = 0
    for file in wanted:
        inside(folder, file.name or f"{competition}{ENDING}")  # all names are looked at before anything is fetched
    for file in wanted:
        if state.has(file):
            kept += 1
            continue
        state.add(file, _fetch(client, competition, folder, file, told))
    made = {one.name: one for one in state.made()}
    write_sums(folder, {one.name: one.sha256 for one in made.values()})
    return Prepared(folder, tuple(made[name] for name in sorted(made)), len(wanted) - kept, kept)


def fetch_one(client: Client, competition: str, name: str, folder: Path) -> Path:
    """One file of a competition in `folder`, which is there; unpacked where it comes packed. Raises likewise."""
    made = _fetch(client, competition, folder, RemoteFile(name), lambda name, event: None)
    return folder / made[0].name


def _wanted(competition: str, listed: list[RemoteFile]) -> list[RemoteFile]:
    """The files one by one, or a file without a name, which stands for the archive of all."""
    if not listed:
        raise RefusedError(f"{competition}: has no files to fetch; join the competition and accept its rules first")
    if len(listed) > MOST_SINGLE or any("/" in file.name.strip("/") for file in listed):
        return [RemoteFile("")]
    return listed


def _fetch(client: Client, competition: str, folder: Path, file: RemoteFile, told: Told) -> list[Made]:
    name = file.name or f"{competition}{ENDING}"
    path = inside(folder, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    came = client.download(competition, file.name, path, lambda event: told(name, event))
    if came.served == f"{path.name}{ENDING}":  # a table that the service keeps packed
        path = path.replace(path.with_name(came.served))
    if path.suffix == ENDING:
        return _unpacked(path, folder, whole=not file.name)
    if file.size is not None and came.size != file.size:
        path.unlink()
        raise GarbledError(f"{name}: {came.size:,} bytes came, and Kaggle lists {file.size:,}; it was thrown away")
    return [Made(name, came.size, came.sha256)]


def _unpacked(archive: Path, folder: Path, whole: bool) -> list[Made]:
    """The files of an archive, which is removed then. The archive of all files may have further ones in it."""
    if whole:
        bundle = archive.with_name(ENDING)  # no name, so that its files come to lie in the data folder itself
        archive.replace(bundle)
        archive = bundle
    try:
        made = unpack(archive, folder)
    finally:
        archive.unlink()  # what cannot be unpacked is of no use, and what was is there
    if not whole:
        return made
    found: list[Made] = []
    for file in made:
        path = folder / file.name
        found += _unpacked(path, folder, whole=False) if path.suffix == ENDING else [file]
    return found


class _State:
    """Which of a competition's files are here, and what became of each."""

    def __init__(self, folder: Path, competition: str) -> None:
        self._folder = folder
        self._competition = competition
        try:
            said = json.loads((folder / STATE).read_text(encoding="utf-8"))
            self._files: dict[str, Any] = said["files"] if said["competition"] == competition else {}
        except (OSError, ValueError, TypeError, KeyError):
            self._files = {}

    def has(self, file: RemoteFile) -> bool:
        """Whether it is here as the service has it, unchanged."""
        known = self._files.get(file.name)
        if not isinstance(known, Mapping) or known.get("size") != file.size:
            return False
        try:
            return all(_is_unchanged(self._folder, one) for one in _made(known))
        except (TypeError, KeyError, OSError):
            return False

    def add(self, file: RemoteFile, made: list[Made]) -> None:
        self._files[file.name] = {"size": file.size, "made": [asdict(one) for one in made]}
        said = {"competition": self._competition, "files": self._files}
        replace_file(self._folder / STATE, json.dumps(said, ensure_ascii=False))

    def made(self) -> list[Made]:
        return [one for known in self._files.values() for one in _made(known)]


def _made(known: Mapping[str, Any]) -> list[Made]:
    return [Made(**one) for one in known["made"]]


def _is_unchanged(folder: Path, file: Made) -> bool:
    path = folder / file.name
    return path.is_file() and path.stat().st_size == file.size and sha256(path) == file.sha256
