"""Paragraphs as lists of sentences, and which of them are held out. No torch here."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from trainers.contract import InputError
from trainers.data.manual import manual
from trainers.data.paragraphs import SHORTEST, read_paragraphs
from trainers.data.sentences import split_sentences

# Neighbours in a text speak of the same, so runs of so many paragraphs are held out together.
RUN = 8


@dataclass(frozen=True)
class Paragraph:
    """Where it stands, and what it says."""

    source: str
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class Corpus:
    """The paragraphs to learn from and those held out."""

    train: Sequence[Paragraph]
    valid: Sequence[Paragraph]
    folds: int
    fold: int

    @property
    def fingerprint(self) -> str:
        """Eight hexadecimal digits that differ for different texts."""
        sentences = (
            sentence for part in (self.train, self.valid) for paragraph in part for sentence in _told(paragraph)
        )
        value = 0
        for sentence in sentences:
            value = zlib.crc32(sentence.encode("utf-8", "replace"), value)
        return f"{value:08x}"


def load_texts(place: str) -> dict[str, list[str]]:
    """Paragraphs by their source: text files of a folder, or Python's language reference for an empty name."""
    return read_paragraphs(Path(place)) if place else manual()


def split_corpus(texts: Mapping[str, Sequence[str]], least: int, folds: int, fold: int, where: str = "") -> Corpus:
    """Paragraphs of at least `least` sentences; one in `folds` runs of neighbours is held out. Each text counts once.

    Raises `InputError` when too few are left on either side.
    """
    seen: set[str] = set()
    found: list[Paragraph] = []
    for source, texts_of_source in texts.items():
        for text in texts_of_source:
            sentences = split_sentences(text) if len(text) >= SHORTEST and text not in seen else []
            seen.add(text)
            if len(sentences) >= least:
                found.append(Paragraph(source, tuple(sentences)))
    where = where or "the built-in text"
    if fold >= folds:
        raise InputError(f"fold = {fold} does not exist: give a number from 0 to {folds - 1}")
    held_out = [number // RUN % folds == fold for number in range(len(found))]
    valid = [paragraph for paragraph, held in zip(found, held_out, strict=True) if held]
    train = [paragraph for paragraph, held in zip(found, held_out, strict=True) if not held]
    if len(valid) < 2 or len(train) < 2:
        raise InputError(
            f"{where} has {len(found)} paragraphs of at least {least} sentences and {SHORTEST} characters, too few to "
            f"train on and to hold out (fold {fold} of {folds}); add texts, or lower min_sentences or folds"
        )
    return Corpus(train, valid, folds, fold)


def _told(paragraph: Paragraph) -> tuple[str, ...]:
    return (paragraph.source, *paragraph.sentences)
