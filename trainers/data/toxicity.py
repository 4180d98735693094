"""What the toxicity trainer learns from, is judged on, and predicts. Nothing here imports torch.

A data folder has the tables of Kaggle's multilingual competition: `train_data.csv` or
`jigsaw-toxic-comment-train.csv`, `validation.csv`, `test.csv`, `sample_submission.csv`, and lines of other texts to
augment with in `subtitles.csv` (`comment_text, toxic, lang`). All but the first may be missing. Training tables of
other collections are known by their names, and any other can be named.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trainers.configs.toxicity import ToxicityConfig
from trainers.contract import InputError
from trainers.data.augmentation import Lines
from trainers.data.chatter import chatter
from trainers.data.cleaning import sentences
from trainers.data.comments import Comments, read_comments
from trainers.data.folds import deal_rows
from trainers.data.tables import column_among, read_table

TRAINING = ("train_data.csv", "jigsaw-toxic-comment-train.csv", "train.csv", "labeled_data.csv", "toxicity_en.csv")
VALIDATION, TEST, SAMPLE, SUBTITLES = "validation.csv", "test.csv", "sample_submission.csv", "subtitles.csv"
# Longer sentences of comments are no lines to put around another one.
LONGEST_LINE = 200


@dataclass(frozen=True)
class Toxicity:
    """`test` is None where there is nothing to predict. `subtitles` are None where they come from training comments."""

    train: Comments
    valid: Comments
    test: Comments | None = None
    subtitles: Comments | None = None

    @property
    def fingerprint(self) -> str:
        parts = (self.train, self.valid, self.test, self.subtitles)
        return "-".join(part.fingerprint for part in parts if part is not None)


def load_toxicity(config: ToxicityConfig) -> Toxicity:
    """The tables of the data folder, or built-in chatter. Raises `InputError` when they do not fit the settings."""
    found = _read(Path(config.data), config) if config.data else _made_up(config)
    found = _in_languages(found, config)
    _refuse_one_class(found, config)
    rows = rows_of_pass(found.train, config.balance)
    if config.batch_size > rows:
        raise InputError(
            f"batch_size = {config.batch_size} is more than the {rows} comments of a pass{_why_so_few(found, config)}; "
            "lower batch_size"
        )
    if config.tune_epochs and config.batch_size > len(found.valid):
        raise InputError(f"batch_size = {config.batch_size} is more than the {len(found.valid)} comments to tune on")
    return found


def kinds(comments: Comments, balance: str) -> NDArray[np.int64] | None:
    """A number for what each row is to be balanced by, shape (rows,); None where nothing is."""
    if balance == "none":
        return None
    names = _kind_names(comments, balance)
    return np.unique(np.array(names), return_inverse=True)[1].astype(np.int64)


def rows_of_pass(comments: Comments, balance: str) -> int:
    """How many rows a balanced pass has."""
    if balance == "none":
        return len(comments)
    sizes = Counter(_kind_names(comments, balance)).values()
    return min(sizes) * len(sizes)


def lines_for(found: Toxicity, supplement: bool) -> Lines:
    """Short texts to put around comments: subtitles, or else sentences of harmless training comments.

    Toxic ones are subtitles too; with `supplement` also training comments of one sentence, where a comment's label is
    surely its sentence's.
    """
    source = found.train if found.subtitles is None else found.subtitles
    harmless = _by_language(source, 0, one_sentence=False)
    toxic = {} if found.subtitles is None else _by_language(found.subtitles, 1, one_sentence=False)
    if supplement:
        for lang, lines in _by_language(found.train, 1, one_sentence=True).items():
            toxic.setdefault(lang, []).extend(lines)
    return Lines(harmless, toxic)


def _read(folder: Path, config: ToxicityConfig) -> Toxicity:
    train_path = _training_table(folder, config.train_file)
    train = read_comments(train_path)
    valid_path = folder / VALIDATION
    if valid_path.is_file() and valid_path != train_path:
        valid = read_comments(valid_path)
    else:
        train, valid = _folds(train, config)
    test = read_comments(folder / TEST, labelled=False) if config.predict and (folder / TEST).is_file() else None
    if test is not None:
        _refuse_other_ids(folder, test)
    subtitles = read_comments(folder / SUBTITLES) if (folder / SUBTITLES).is_file() else None
    return Toxicity(train, valid, test, subtitles)


def _made_up(config: ToxicityConfig) -> Toxicity:
    labelled, test, lines = chatter()
    train, valid = _folds(labelled, config)
    return Toxicity(train, valid, test, lines)


def _training_table(folder: Path, named: str) -> Path:
    if not folder.is_dir():
        raise InputError(f"{folder} does not exist: --data needs a folder with one of {', '.join(TRAINING)}")
    if named:
        if not (folder / named).is_file():
            raise InputError(f"train_file = {named!r}: {folder} has no such file")
        return folder / named
    for name in TRAINING:
        if (folder / name).is_file():
            return folder / name
    raise InputError(f"{folder} has none of {', '.join(TRAINING)}; name its training table with train_file=")


def _folds(comments: Comments, config: ToxicityConfig) -> tuple[Comments, Comments]:
    """Training and validation rows, with the same share of each label and language."""
    if config.fold >= config.folds:
        raise InputError(f"fold = {config.fold} does not exist: give a number from 0 to {config.folds - 1}")
    if config.folds > len(comments):
        raise InputError(f"folds = {config.folds} is more than the {len(comments)} comments; lower folds")
    dealt = deal_rows(_kind_names(comments, "label+lang"), config.folds)
    return comments.take(np.flatnonzero(dealt != config.fold)), comments.take(np.flatnonzero(dealt == config.fold))


def _in_languages(found: Toxicity, config: ToxicityConfig) -> Toxicity:
    wanted = {name.strip() for name in config.languages.split(",") if name.strip()}
    if not wanted:
        return found
    there = {*found.train.languages, *found.valid.languages}
    missing = sorted(wanted - there)
    if missing:
        raise InputError(
            f"languages = {config.languages!r}: there are no comments in {', '.join(missing)}; "
            f"there are: {', '.join(sorted(there))}"
        )

    def kept(comments: Comments) -> Comments:
        return comments.take(
            np.array([row for row, lang in enumerate(comments.langs) if lang in wanted], dtype=np.int64)
        )

    return Toxicity(kept(found.train), kept(found.valid), found.test, found.subtitles)


def _refuse_one_class(found: Toxicity, config: ToxicityConfig) -> None:
    where = config.data or "the built-in chatter"
    for name, comments in (("train", found.train), ("validate", found.valid)):
        if len(np.unique(comments.toxic)) < 2:
            some = f"only {'toxic' if comments.toxic[0] else 'harmless'}" if len(comments) else "no"
            raise InputError(f"{where} has {some} comments to {name} on; both kinds are needed")


def _refuse_other_ids(folder: Path, test: Comments) -> None:
    """The sample submission, where there is one, has to ask for the very rows of the test set."""
    path = folder / SAMPLE
    if not path.is_file():
        return
    frame = read_table(path, "test comment")
    column_among(path, frame, ("id",))
    asked, there = {str(value) for value in frame["id"]}, set(test.ids)
    if asked != there:
        odd = sorted(asked - there) or sorted(there - asked)
        which = "is in" if asked - there else "is missing from"
        raise InputError(
            f"{path} and {TEST} are of different rows: {len(asked ^ there)} ids are in one only, such as {odd[0]!r}, "
            f"which {which} the sample; fetch both of the same competition"
        )


def _why_so_few(found: Toxicity, config: ToxicityConfig) -> str:
    if config.balance == "none":
        return ""
    rarest, count = Counter(_kind_names(found.train, config.balance)).most_common()[-1]
    return f" (balance = {config.balance}, and {rarest} has {count})"


def _kind_names(comments: Comments, balance: str) -> list[str]:
    words = ["toxic" if toxic else "harmless" for toxic in comments.toxic.tolist()]
    if balance == "label":
        return words
    return [f"{word} {lang}" for word, lang in zip(words, comments.langs, strict=True)]


def _by_language(comments: Comments, toxic: int, one_sentence: bool) -> dict[str, list[str]]:
    lines: dict[str, list[str]] = {}
    for row in np.flatnonzero(comments.toxic == toxic).tolist():
        parts: Sequence[str] = sentences(comments.texts[row])
        if not one_sentence or len(parts) == 1:
            lines.setdefault(comments.langs[row], []).extend(part for part in parts if len(part) <= LONGEST_LINE)
    return lines
