"""What the inference trainer learns from and is judged on. Nothing here imports torch.

A data folder has XNLI's tables of all languages, `xnli.dev.tsv` and `xnli.test.tsv`, and translations of MultiNLI in
`multinli.train.<language>.tsv`, each anywhere in it. Training is on MultiNLI and validation on the dev table; where no
language to train on has a MultiNLI table, training is on the dev table and validation on the test table.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from trainers.configs.xnli import XnliConfig
from trainers.contract import InputError
from trainers.data.checksums import verify
from trainers.data.inferences import inferences
from trainers.data.nli_tables import DEV, TEST, TRAIN, find_tables, read_pairs
from trainers.data.pairs import LABELS, Pairs, joined


@dataclass(frozen=True)
class Xnli:
    """Pairs to train and to validate on, and the names of the tables that they are from."""

    train: Pairs
    valid: Pairs
    train_from: str
    valid_from: str

    @property
    def fingerprint(self) -> str:
        return f"{self.train.fingerprint}-{self.valid.fingerprint}"


def load_xnli(config: XnliConfig) -> Xnli:
    """The tables of the data folder, or built-in pairs. Raises `InputError` when they do not fit the settings."""
    if config.data:
        found = _read(Path(config.data), config)
    else:
        train, valid = inferences()
        found = Xnli(
            train.of(_chosen("train_language", config.to_train_on, train.languages)),
            valid.of(_chosen("language", config.to_judge, valid.languages)),
            "built-in pairs",
            "built-in pairs",
        )
    missing = [label for number, label in enumerate(LABELS) if not np.any(found.train.labels == number)]
    if missing:
        raise InputError(f"{found.train_from} has no pairs of {', '.join(missing)} to train on; all three are needed")
    if config.batch_size > len(found.train):
        raise InputError(
            f"batch_size = {config.batch_size} is more than the {len(found.train)} pairs to train on; lower batch_size"
        )
    return found


def _read(folder: Path, config: XnliConfig) -> Xnli:
    tables = find_tables(folder)
    translated = {match[1]: name for name in tables if (match := TRAIN.fullmatch(name))}
    xnli = {name: read_pairs(verify(tables[name])) for name in (DEV, TEST) if name in tables}
    if not xnli:
        raise InputError(f"{folder} has neither {DEV} nor {TEST}, here or in folders below; give the folder of XNLI")
    there = sorted({*translated, *(lang for pairs in xnli.values() for lang in pairs.languages)})
    wanted = _chosen("train_language", config.to_train_on, there)
    training = [lang for lang in wanted if lang in translated]
    if training:
        parts = [read_pairs(verify(tables[translated[lang]]), lang) for lang in training]
        train, train_from = joined(parts), ", ".join(translated[lang] for lang in training)
        valid_from = DEV if DEV in xnli else TEST
    else:
        train, train_from, valid_from = _of_dev(folder, xnli, wanted), DEV, TEST
    judged = xnli[valid_from]
    valid = judged.of(_chosen("language", config.to_judge, judged.languages, valid_from))
    return Xnli(train, valid, train_from, valid_from)


def _of_dev(folder: Path, xnli: dict[str, Pairs], wanted: Sequence[str]) -> Pairs:
    """The dev table as training data, where the test table remains to validate on."""
    if len(xnli) < 2:
        raise InputError(
            f"{folder} has {next(iter(xnli))} and nothing to train on in {', '.join(wanted)}; "
            f"add multinli.train.{wanted[0]}.tsv, or both {DEV} and {TEST}"
        )
    train = xnli[DEV].of(wanted)
    if len(train) == 0:
        raise InputError(
            f"there is nothing to train on in {', '.join(wanted)}: no multinli.train.{wanted[0]}.tsv, and {DEV} has "
            f"{', '.join(xnli[DEV].languages)}; name other languages to train on with train_language"
        )
    return train


def _chosen(setting: str, wanted: Sequence[str], there: Collection[str], where: str = "") -> list[str]:
    """The wanted languages, or all where none is named."""
    missing = [lang for lang in wanted if lang not in there]
    if missing:
        known = f"; there are: {', '.join(sorted(there))}"
        raise InputError(
            f"{setting} = {','.join(wanted)!r}: there are no pairs in {', '.join(missing)}"
            f"{f' in {where}' if where else ''}{known}"
        )
    return list(wanted) or sorted(there)
