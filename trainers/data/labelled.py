"""Texts with a label each, to tell what sentence vectors are good for. No torch here."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from trainers.contract import InputError
from trainers.data.corpus import Corpus, Paragraph
from trainers.data.sentences import split_sentences

FILE = "labelled.csv"
COLUMNS = ("text", "label")
# Without such a file a paragraph's label is where it stands, for the largest sources.
MOST_SOURCES = 8
MOST_PARAGRAPHS = 40
FEWEST_HELD_OUT = 2
# Of a class's rows in the file, one in so many is for testing.
PARTS = 4


@dataclass(frozen=True)
class Labelled:
    """Texts as sentences. A classifier is fitted to the `train` rows and judged on the `test` rows."""

    texts: Sequence[tuple[str, ...]]
    labels: Sequence[str]
    train: Sequence[int]
    test: Sequence[int]

    @property
    def majority(self) -> float:
        """The accuracy of always saying what most training rows are."""
        most = Counter(self.labels[row] for row in self.train).most_common(1)[0][0]
        return sum(self.labels[row] == most for row in self.test) / len(self.test)


def load_labelled(folder: str, corpus: Corpus, rows: int) -> Labelled | None:
    """The first `rows` of `labelled.csv` of a folder, or paragraphs of the corpus by the file or topic they are from.

    None when `rows` is 0, or there is no such file and the corpus has one source only. Raises `InputError`.
    """
    if rows == 0:
        return None
    path = Path(folder) / FILE
    return _read(path, rows) if folder and path.is_file() else _by_source(corpus)


def _read(path: Path, rows: int) -> Labelled:
    texts, labels = [], []
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.DictReader(stream)
            missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
            if missing:
                raise InputError(
                    f"{path} has no column {', '.join(missing)}; its header line needs {','.join(COLUMNS)}"
                )
            for number, row in zip(range(1, rows + 1), reader, strict=False):
                texts.append(_sentences(row["text"] or "", f"{path}: row {number}"))
                labels.append((row["label"] or "").strip())
                if not labels[-1]:
                    raise InputError(f"{path}: row {number} has no label; fill it in or remove the row")
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path} cannot be read as a CSV file in UTF-8: {' '.join(str(error).split())}") from error
    by_label = sorted(range(len(labels)), key=lambda row: labels[row])
    test = sorted(by_label[PARTS - 1 :: PARTS])
    train = sorted(set(by_label) - set(test))
    if len({labels[row] for row in train}) < 2 or not test:
        raise InputError(f"{path} needs texts of at least two labels, four or more of each; it has {len(labels)} rows")
    return Labelled(texts, labels, train, test)


def _sentences(text: str, where: str) -> tuple[str, ...]:
    if not text.strip():
        raise InputError(f"{where} has no text; fill it in or remove the row")
    return tuple(split_sentences(text)) or (text.strip(),)


def _by_source(corpus: Corpus) -> Labelled | None:
    held_out = Counter(paragraph.source for paragraph in corpus.valid)
    counts = Counter(paragraph.source for paragraph in corpus.train)
    chosen = [source for source, _ in counts.most_common() if held_out[source] >= FEWEST_HELD_OUT][:MOST_SOURCES]
    if len(chosen) < 2:
        return None
    train, test = _some(corpus.train, chosen), _some(corpus.valid, chosen)
    both = train + test
    rows = range(len(both))
    return Labelled(
        [paragraph.sentences for paragraph in both],
        [paragraph.source for paragraph in both],
        rows[: len(train)],
        rows[len(train) :],
    )


def _some(paragraphs: Sequence[Paragraph], sources: Sequence[str]) -> list[Paragraph]:
    return [
        paragraph
        for source in sources
        for paragraph in [found for found in paragraphs if found.source == source][:MOST_PARAGRAPHS]
    ]
