"""Which clips the audio trainer learns from, which it is judged on, and which it predicts. No torch here."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from trainers.configs.audio import AudioConfig
from trainers.contract import InputError
from trainers.data.audio_synthesis import synthetic_clips
from trainers.data.audio_tables import CURATED, NOISY, SAMPLE, as_clips, read_labels, read_sample, test_clips
from trainers.data.clips import Clips, rarest_first
from trainers.data.folds import deal_rows


@dataclass(frozen=True)
class Audio:
    """Clips with one label column for each of `classes`, which are in alphabetical order.

    `train` begins with the curated clips and may have noisy ones after them; `valid` has curated ones only, and
    `noisy_valid` those noisy ones that are held out. `columns` are the classes as a submission has them.
    """

    classes: tuple[str, ...]
    train: Clips
    noisy_rows: int
    valid: Clips
    noisy_valid: Clips | None
    test: Clips | None
    columns: tuple[str, ...]
    fingerprint: str

    @property
    def labelled(self) -> Sequence[Clips]:
        return [self.train, self.valid, *([self.noisy_valid] if self.noisy_valid else [])]

    def lacking(self, clips: Clips) -> list[str]:
        """The classes that none of these clips has."""
        counts = clips.labels.sum(axis=0, dtype=np.int64)
        return [name for name, count in zip(self.classes, counts.tolist(), strict=True) if count == 0]


@dataclass(frozen=True)
class _Found:
    classes: tuple[str, ...]
    curated: Clips
    noisy: Clips | None
    test: Clips | None
    columns: tuple[str, ...]


def load_audio(config: AudioConfig) -> Audio:
    """Reads the tables and holds a fold out. Raises `InputError`; opens no sound file."""
    found = _read(Path(config.data), config.predict) if config.data else _built_in()
    if config.fold >= config.folds:
        raise InputError(f"fold = {config.fold} does not exist: give a number from 0 to {config.folds - 1}")
    train, valid = _hold_out(found.curated, CURATED, config)
    noisy, noisy_valid = found.noisy, None
    if noisy is not None and config.validate_noisy:
        noisy, noisy_valid = _hold_out(noisy, NOISY, config)
    noisy_rows = len(noisy) if noisy is not None and config.noisy else 0
    if noisy is not None and noisy_rows:
        train = train + noisy
    if config.batch_size > len(train):
        raise InputError(
            f"batch_size = {config.batch_size} is more than the {len(train)} training clips; lower batch_size"
        )
    return Audio(found.classes, train, noisy_rows, valid, noisy_valid, found.test, found.columns, _fingerprint(found))


def _built_in() -> _Found:
    classes, clips = synthetic_clips()
    return _Found(classes, clips, None, None, classes)


def _read(folder: Path, predict: bool) -> _Found:
    curated = read_labels(folder / CURATED)
    noisy = read_labels(folder / NOISY) if (folder / NOISY).is_file() else None
    ids, columns = read_sample(folder / SAMPLE) if (folder / SAMPLE).is_file() else (None, None)
    tables = [curated, *([noisy] if noisy else [])]
    classes = columns or {name for table in tables for labels in table.labels for name in labels}
    names = tuple(sorted(classes))
    if len(names) < 2:
        raise InputError(f"{folder / CURATED} has one class only, {names[0]}; tagging needs two or more")
    test = test_clips(folder, ids, len(names)) if predict else None
    return _Found(
        names, as_clips(curated, names), as_clips(noisy, names) if noisy else None, test, tuple(columns or names)
    )


def _hold_out(clips: Clips, table: str, config: AudioConfig) -> tuple[Clips, Clips]:
    """The clips outside and inside of the fold: rows of every label are dealt to all folds as far as there are any."""
    if len(clips) < config.folds:
        raise InputError(f"folds = {config.folds} is more than the {len(clips)} clips of {table}; lower folds")
    folds = deal_rows(rarest_first(clips.labels), config.folds)
    return clips.take(np.flatnonzero(folds != config.fold)), clips.take(np.flatnonzero(folds == config.fold))


def _fingerprint(found: _Found) -> str:
    parts = [found.classes, *(clips.fingerprint for clips in (found.curated, found.noisy, found.test) if clips)]
    return f"{zlib.crc32(repr(parts).encode()):08x}"
