"""Which sources a user means: files, folders that are a format's own, and all files in other folders."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cockpit.importers.contract import NO, SURE, Importer, Source
from cockpit.importers.identity import files_in
from cockpit.importers.registry import importer_of, importers, open_source


@dataclass(frozen=True, slots=True)
class Found:
    """A source with the importer that reads it; None where no format fits. `problem` is why it cannot be opened."""

    path: Path
    source: Source | None = None
    importer: Importer | None = None
    problem: str = ""


def find_sources(path: Path, form: str = "") -> Iterator[Found]:
    """What is at `path`; with `form` it is taken for that format, whatever it looks like."""
    found = _look(path, form)
    if found.source is not None and found.source.is_folder and not _is_its_own(found):
        yield from _inside(path, form)
    else:
        yield found


def importer_called(name: str) -> Importer | None:
    """The importer of this name."""
    return next((importer for importer in importers() if importer.name == name), None)


def _look(path: Path, form: str = "") -> Found:
    try:
        source = open_source(path)
    except OSError as error:
        return Found(path, problem=error.strerror or "cannot be read")
    return Found(path, source, importer_called(form) if form else importer_of(source))


def _is_its_own(found: Found) -> bool:
    """Whether a folder is one source, and not many.

    One that surely is of its format is. Else files of another format in it say that it only has some of that one, too.
    """
    if found.importer is None or found.source is None:
        return False
    fit = found.importer.fit(found.source)
    return fit >= SURE or (fit > NO and not any(_is_of_another(file, found.importer) for file in files_in(found.path)))


def _is_of_another(path: Path, importer: Importer) -> bool:
    known = _look(path).importer
    return known is not None and known.name != importer.name


def _inside(folder: Path, form: str) -> Iterator[Found]:
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        yield Found(folder, problem=error.strerror or "cannot be read")
        return
    for entry in entries:
        if entry.name.startswith(".") or (entry.is_dir() and entry.is_symlink()):
            continue
        if entry.is_dir():
            yield from find_sources(entry, form)
        elif entry.is_file():
            yield _look(entry, form)
