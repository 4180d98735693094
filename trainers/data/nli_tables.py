"""The tables of XNLI and of MultiNLI in other languages, as their authors publish them. Nothing here imports torch.

Both are tab-separated and know no quoting: a quotation mark is part of a text. XNLI's tables (Conneau et al. 2018) hold
all languages, one of them in each row; those of MultiNLI's translations hold one language each.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from trainers.contract import InputError
from trainers.data.pairs import LABELS, Pairs

DEV, TEST = "xnli.dev.tsv", "xnli.test.tsv"
TRAIN = re.compile(r"multinli\.train\.([A-Za-z][A-Za-z0-9-]{0,15})\.tsv")
# MultiNLI's translations have a word of their own for it.
MEANING = {label: number for number, label in enumerate(LABELS)} | {"contradictory": LABELS.index("contradiction")}
# How far down in the data folder tables are looked for.
DEEPEST = 4
_LANGUAGE = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,15}")


@dataclass(frozen=True)
class Layout:
    """Where a kind of table has its columns: by the names of its header, and by position where it has others."""

    columns: Mapping[str, tuple[str, int]]

    def places(self, path: str, first: Sequence[str]) -> dict[str, int]:
        """The place of each column, told from the first line. Raises `InputError` when one is missing."""
        missing = [name for name, _ in self.columns.values() if name not in first]
        if not missing:
            return {key: first.index(name) for key, (name, _) in self.columns.items()}
        nameless = len(missing) == len(self.columns)
        if nameless and len(first) > max(place for _, place in self.columns.values()):
            return {key: place for key, (_, place) in self.columns.items()}
        found = ", ".join(first[:10])[:120]
        raise InputError(f"{path} has no column {', '.join(missing)} (it has {found}); columns are separated by tabs")


XNLI = Layout({"lang": ("language", 0), "label": ("gold_label", 1), "one": ("sentence1", 6), "two": ("sentence2", 7)})
MULTINLI = Layout({"one": ("premise", 0), "two": ("hypo", 1), "label": ("label", 2)})


@dataclass(frozen=True)
class Row:
    """One line of a table: its number from 1, all its cells, and where the columns are. A header has `is_header`."""

    number: int
    cells: list[str]
    places: Mapping[str, int]
    is_header: bool = False

    def __getitem__(self, key: str) -> str:
        return self.cells[self.places[key]]


def table_rows(path: str, layout: Layout, lines: Iterable[str]) -> Iterator[Row]:
    """The lines of a table, its header first if it has one. `path` is for people. Raises `InputError`."""
    places: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        cells = line.rstrip("\r\n").split("\t")
        if number == 1:
            places = layout.places(path, cells)
            is_header = cells[places["label"]] not in MEANING
        elif not line.strip():
            continue
        elif len(cells) <= max(places.values()):
            raise InputError(f"{path}: line {number} has {len(cells)} columns, not {max(places.values()) + 1} or more")
        yield Row(number, cells, places, is_header=number == 1 and is_header)


def read_pairs(path: Path, lang: str = "") -> Pairs:
    """The pairs of one table: of MultiNLI in the language `lang`, or, without that, of XNLI.

    Raises `InputError` for a missing column, an empty text, a label or language out of range, or no rows at all.
    """
    langs, premises, hypotheses, labels = [], [], [], []
    layout = MULTINLI if lang else XNLI
    try:
        # Without translation of newlines: some texts contain characters that pass for line ends elsewhere.
        with path.open(encoding="utf-8-sig", newline="\n") as lines:
            for row in table_rows(str(path), layout, lines):
                if not row.is_header:
                    labels.append(_label(path, row))
                    langs.append(lang or _language(path, row))
                    premises.append(_text(path, row, "one", layout))
                    hypotheses.append(_text(path, row, "two", layout))
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read as a table in UTF-8: {' '.join(str(error).split())}") from error
    if not labels:
        raise InputError(f"{path} has no rows: put one pair of sentences per line below its header")
    return Pairs(langs, premises, hypotheses, np.array(labels, dtype=np.int64))


def is_wanted(name: str) -> bool:
    """Whether a file of this name is one of the tables."""
    return name in (DEV, TEST) or TRAIN.fullmatch(name) is not None


def find_tables(folder: Path) -> dict[str, Path]:
    """The tables anywhere in a folder, up to `DEEPEST` levels down, by name. Raises `InputError` for two of one name.

    The archives unpack to folders in folders, differently from release to release.
    """
    if not folder.is_dir():
        raise InputError(f"{folder} does not exist: give a folder with {DEV}, {TEST} or multinli.train.<language>.tsv")
    found: dict[str, Path] = {}
    for place, folders, names in os.walk(folder):
        depth = len(Path(place).relative_to(folder).parts)
        folders[:] = sorted(name for name in folders if not name.startswith(".")) if depth < DEEPEST else []
        for name in filter(is_wanted, sorted(names)):
            path = Path(place) / name
            if name in found:
                raise InputError(f"{folder} has two tables {name}: {found[name]} and {path}; give the folder of one")
            found[name] = path
    return found


def _label(path: Path, row: Row) -> int:
    value = row["label"].strip()
    if value not in MEANING:
        raise InputError(f"{path}: line {row.number} has label {value[:40]!r}; give one of {', '.join(LABELS)}")
    return MEANING[value]


def _language(path: Path, row: Row) -> str:
    value = row["lang"].strip()
    if not _LANGUAGE.fullmatch(value):
        raise InputError(f"{path}: line {row.number} has language {value[:40]!r}; give a code such as en")
    return value


def _text(path: Path, row: Row, key: str, layout: Layout) -> str:
    value = row[key].strip()
    if not value:
        raise InputError(
            f"{path}: line {row.number} has no {layout.columns[key][0]}; fill it in, remove the line, "
            "or let python -m trainers.prepare_xnli leave such lines out"
        )
    return value
