"""What a format of exports is: a name, and how a record becomes text, a file, or a folder of files in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cockpit.export.record import Record


@dataclass(frozen=True, kw_only=True)
class Format:
    """One format. It has at least one of `text`, `file` and `folder`.

    `text` gives the pieces of one text, which may go to standard output as well; `file` writes one file that is no
    text, `folder` the files of a new, empty folder. A path with one of the `endings` is a file, any other a folder
    where the format has folders.
    """

    name: str
    summary: str
    endings: tuple[str, ...] = ()
    text: Callable[[Record], Iterator[str]] | None = None
    file: Callable[[Record, Path], None] | None = None
    folder: Callable[[Record, Path], None] | None = None

    def makes_folder(self, path: Path) -> bool:
        """Whether `path` becomes a folder."""
        if self.folder is None:
            return False
        return (self.text is None and self.file is None) or path.suffix.lower() not in self.endings
