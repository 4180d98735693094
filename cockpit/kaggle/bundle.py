"""The code that runs at Kaggle, as files of a dataset whose name follows from what is in them."""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cockpit.kaggle.secret_scan import refuse_secrets
from cockpit.store.folder import FolderError

PACKAGES = ("cockpit", "trainers", "searches")
ENDINGS = (".py", ".yaml", ".tcss")
ARCHIVE, MARKER = "code.zip", "cockpit-code.json"
DATE = (1980, 1, 1, 0, 0, 0)  # the same code always gives the same archive
_ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True)
class Bundle:
    """`digest` is of all code and packages, `search` the path of the search in the code, empty where there is none,
    `files` what goes up."""

    digest: str
    search: str
    files: tuple[Path, ...]
    sources: tuple[str, ...]

    @property
    def slug(self) -> str:
        return f"cockpit-code-{self.digest}"


def build(search: Path | None, include: Sequence[Path], wheels: Sequence[Path], folder: Path) -> Bundle:
    """Pack the cockpit, its trainers and maybe a search into `folder`, with other files of the user's, and wheels.

    `include` are files and folders below the working folder; they keep their paths. Raises `FolderError` for one that
    is not there, and where a file holds a secret.
    """
    sources = dict(_sources(search, include))
    refuse_secrets(sorted({path for name, path in sources.items() if name.split("/")[0] not in PACKAGES}))
    digests = {name: _digest(path) for name, path in sources.items()}
    digests |= {path.name: _digest(path) for path in wheels}
    digest = hashlib.sha256(json.dumps(sorted(digests.items())).encode()).hexdigest()[:12]
    with zipfile.ZipFile(folder / ARCHIVE, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(sources):
            archive.writestr(_entry(name), sources[name].read_bytes())
    (folder / MARKER).write_text(json.dumps({"code": digest, "files": len(sources)}), encoding="utf-8")
    for path in wheels:
        shutil.copyfile(path, folder / path.name)
    return Bundle(
        digest, _search_name(search) if search else "", tuple(sorted(folder.iterdir())), tuple(sorted(sources))
    )


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, DATE)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    return entry


def _search_name(search: Path) -> str:
    return f"pushed/{search.name}"


def _sources(search: Path | None, include: Sequence[Path]) -> Iterator[tuple[str, Path]]:
    for package in PACKAGES:
        for path in sorted((_ROOT / package).rglob("*")):
            if path.suffix in ENDINGS and path.is_file():
                yield path.relative_to(_ROOT).as_posix(), path
    if search is not None:
        yield _search_name(search), search
    for given in include:
        yield from _included(given)


def _included(given: Path) -> Iterator[tuple[str, Path]]:
    here = Path.cwd()
    path = given.resolve()
    if not path.exists() or not path.is_relative_to(here):
        raise FolderError(f"{given}: is not there, or not below {here}; run the command in the folder of your code")
    found = sorted(path.rglob("*")) if path.is_dir() else [path]
    for file in found:
        if file.is_file() and "__pycache__" not in file.parts:
            yield file.relative_to(here).as_posix(), file


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
