"""Tables of clips in the format of Kaggle's Freesound competition of 2019. Nothing here imports torch.

A folder holds `train_curated.csv` and maybe `train_noisy.csv` (`fname,labels`, the labels of a clip with commas between
them), the sounds in folders called like their table, and maybe `sample_submission.csv` (`fname` and one column for each
class) with the sounds in `test/`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from trainers.contract import InputError
from trainers.data.clips import Clips
from trainers.data.tables import read_table, refuse_duplicates, refuse_empty

if TYPE_CHECKING:
    import pandas as pd

CURATED, NOISY, SAMPLE, TEST = "train_curated.csv", "train_noisy.csv", "sample_submission.csv", "test"
ID, LABELS = "fname", "labels"
# Where sounds are when there is no folder called like the table.
OTHER_FOLDERS = ("recordings", "audio", ".")
ENDINGS = (".wav", ".ogg", ".flac", ".aif", ".aiff", ".mp3")


@dataclass(frozen=True)
class Table:
    """Rows of a table of clips: file names, and the labels of each."""

    path: Path
    names: Sequence[str]
    labels: Sequence[tuple[str, ...]]


def read_labels(path: Path) -> Table:
    """Raises `InputError` for what is no such table, and for a row without name or label or with a name once more."""
    if not path.is_file():
        raise InputError(f"{path} does not exist: --data needs a folder with {CURATED} and the sounds that it names")
    frame = read_table(path, "clip")
    _require(path, frame, (ID, LABELS))
    names = [str(name) for name in frame[ID]]
    refuse_empty(path, ID, names)
    refuse_duplicates(path, ID, names)
    labels = [_split(text) for text in frame[LABELS]]
    for row, (name, found) in enumerate(zip(names, labels, strict=True), start=1):
        if not found:
            raise InputError(f"{path}: row {row} ({name}) has no label; give it one or remove the row")
    return Table(path, names, labels)


def read_sample(path: Path) -> tuple[list[str], list[str]]:
    """The ids and the classes of a sample submission, both in its order. Raises `InputError`."""
    frame = read_table(path, "test clip")
    _require(path, frame, (ID,))
    names = [str(name) for name in frame[ID]]
    refuse_empty(path, ID, names)
    refuse_duplicates(path, ID, names)
    columns = [str(name) for name in frame.columns if name != ID]
    if not columns:
        raise InputError(f"{path} has no column besides {ID}; it needs one for each class")
    return names, columns


def as_clips(table: Table, classes: Sequence[str]) -> Clips:
    """The rows with their files. Raises `InputError` for a label that is not one of the classes."""
    numbers = {name: number for number, name in enumerate(classes)}
    labels = np.zeros((len(table.names), len(classes)), dtype=np.int8)
    for row, found in enumerate(table.labels):
        for name in found:
            if name not in numbers:
                raise InputError(
                    f"{table.path}: row {row + 1} ({table.names[row]}) has the label {name[:60]!r}, "
                    f"which is no column of {SAMPLE}; correct one of the two"
                )
            labels[row, numbers[name]] = 1
    folder = sound_folder(table.path)
    return Clips(table.names, [folder / name for name in table.names], labels)


def sound_folder(table: Path) -> Path:
    """The folder called like the table, or else the first of `OTHER_FOLDERS` beside it that is there."""
    places = (table.stem, *OTHER_FOLDERS)
    return next(folder for place in places if (folder := table.parent / place).is_dir())


def test_clips(folder: Path, ids: Sequence[str] | None, classes: int) -> Clips | None:
    """The clips in `test/`: those with `ids`, in their order, or all by name. None when there are none to predict.

    Raises `InputError` for an id without a file and for a file without an id.
    """
    place = folder / TEST
    if not place.is_dir():
        if ids is None:
            return None
        raise InputError(f"{folder} has {SAMPLE} and no {TEST}/: copy the test clips there, or set predict=false")
    found = sorted(path.name for path in place.iterdir() if path.suffix.lower() in ENDINGS)
    if ids is not None:
        _same_files(folder, ids, found)
    names = found if ids is None else ids
    if not names:
        return None
    return Clips(names, [place / name for name in names], np.zeros((len(names), classes), dtype=np.int8))


def _same_files(folder: Path, ids: Sequence[str], found: Sequence[str]) -> None:
    missing, more = sorted(set(ids) - set(found)), sorted(set(found) - set(ids))
    if missing:
        raise InputError(
            f"{folder / TEST} lacks {missing[0]}{_and(missing)} of {SAMPLE}; copy what is missing, or set predict=false"
        )
    if more:
        raise InputError(f"{folder / TEST} has {more[0]}{_and(more)}, which {SAMPLE} lacks; move it away, or add a row")


def _and(names: Sequence[str]) -> str:
    return f" and {len(names) - 1} more" if len(names) > 1 else ""


def _split(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(label.strip() for label in str(text).split(",") if label.strip()))


def _require(path: Path, frame: pd.DataFrame, columns: Sequence[str]) -> None:
    missing = [name for name in columns if name not in frame.columns]
    if missing:
        found = ", ".join(str(name) for name in frame.columns[:10])
        raise InputError(f"{path} has no column {', '.join(missing)} (it has {found}); add it to the header line")
