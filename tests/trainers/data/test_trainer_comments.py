from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from trainers import registry
from trainers.configs.toxicity import ToxicityConfig
from trainers.contract import InputError
from trainers.data.chatter import chatter
from trainers.data.comments import AUXILIARY, read_comments
from trainers.data.toxicity import kinds, lines_for, load_toxicity, rows_of_pass

TOXIC = Path(__file__).resolve().parents[4] / "shared" / "data" / "toxic"


def accept(folder: Path | str, **values: object) -> None:
    trainer = registry.find("toxicity")
    trainer.check(registry.build_config(trainer, {"data": str(folder), "batch_size": 4, **values}))


def refusal(folder: Path | str, **values: object) -> str:
    """The one line with which `check` refuses this data."""
    with pytest.raises(InputError) as caught:
        accept(folder, **values)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_the_tables_of_the_competition_are_read(talk: Path) -> None:
    accept(talk, tune_epochs=2)
    found = load_toxicity(ToxicityConfig(data=str(talk), batch_size=4))
    assert found.test is not None
    assert (len(found.train), len(found.valid), len(found.test)) == (24, 12, 10)
    assert found.train.texts[1] == "You are a silly clown, number 1.\nAgain, @you!"
    assert (found.train.toxic[:4].tolist(), found.train.langs[:4]) == ([0, 1, 0, 1], ["en", "en", "es", "es"])
    assert (found.train.auxiliary[1].tolist(), found.train.known.sum()) == ([1.0] * 5, 24)
    assert (found.valid.known.sum(), found.valid.languages) == (0, ["es", "tr"])
    assert (found.test.ids[:2], set(found.test.toxic.tolist())) == (["0", "1"], {-1})


def test_rows_without_auxiliary_labels_are_known_as_such(tmp_path: Path) -> None:
    path = tmp_path / "train.csv"
    header = ",".join(("comment_text", "toxic", *AUXILIARY))
    path.write_text(f"{header}\na b,1,0,0,0,1,0\nc d,0,,,,,\n")
    found = read_comments(path)
    assert (found.known.tolist(), found.auxiliary[0].tolist()) == ([1.0, 0.0], [0.0, 0.0, 0.0, 1.0, 0.0])
    assert (found.ids, found.langs) == (["1", "2"], ["en", "en"])


@pytest.mark.parametrize(
    ("table", "old", "new", "words"),
    [
        (
            "train_data.csv",
            "comment_text",
            "comment",
            "no column comment_text or content or text or tweet (it has id",
        ),
        ("train_data.csv", "id,comment_text,toxic", "id,comment_text,bad", "has no column toxic or is_toxic or class"),
        ("train_data.csv", ",threat,", ",menace,", "has severe_toxic but no threat; add the rest or remove all"),
        ("train_data.csv", '"You are kind and right, number 2.\nAgain, @you!"', " ", "row 3 has no comment_text"),
        ("train_data.csv", "0,0,0,0,0,0,en", "2,0,0,0,0,0,en", "row 1 has toxic = '2'; give one of 0, 1"),
        ("train_data.csv", "1,1,1,1,1,1,en", "1,1,1,7,1,1,en", "row 2 has threat = '7'; give one of 0, 1"),
        ("train_data.csv", "a3,", "a2,", "rows 3 and 4 share id 'a2'"),
        ("train_data.csv", ",1,1,1,1,1,1,", ",0,0,0,0,0,0,", "only harmless comments to train on"),
        ("validation.csv", "v3,", "v2,", "rows 3 and 4 share id 'v2'"),
        ("test.csv", "content", "words", "test.csv has no column comment_text or content"),
        ("test.csv", "\n3,", "\n33,", "2 ids are in one only, such as '3', which is in the sample"),
        ("sample_submission.csv", "id,", "row,", "sample_submission.csv has no column id"),
    ],
)
def test_bad_tables_are_one_line(talk: Path, table: str, old: str, new: str, words: str) -> None:
    edit(talk / table, old, new)
    message = refusal(talk)
    assert words in message
    assert table in message or "comments to train on" in message


def test_settings_that_do_not_fit_the_data(talk: Path, tmp_path: Path) -> None:
    assert "does not exist: --data needs a folder with one of train_data.csv" in refusal(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    assert "has none of train_data.csv" in refusal(tmp_path / "empty")
    assert "train_file = 'mine.csv'" in refusal(talk, train_file="mine.csv")
    assert "there are no comments in de, xx; there are: en, es, tr" in refusal(talk, languages="de,es,xx")
    assert "no comments to validate on" in refusal(talk, languages="en")
    assert "batch_size = 25 is more than the 24 comments of a pass (balance = label+lang" in refusal(
        talk, batch_size=25
    )
    assert "batch_size = 13 is more than the 12 comments to tune on" in refusal(talk, batch_size=13, tune_epochs=1)
    assert "there is no step 'typos'; give some of urls, users" in refusal(talk, clean="users,typos")
    assert "is no folder of a transformers model (it has no config.json)" in refusal(talk, model=str(tmp_path))
    (talk / "validation.csv").unlink()
    assert "fold = 5 does not exist" in refusal(talk, fold=5)
    assert "folds = 30 is more than the 24 comments" in refusal(talk, folds=30)
    accept(talk, folds=3)


def test_folds_have_the_same_share_of_each_kind(talk: Path) -> None:
    (talk / "validation.csv").unlink()
    found = load_toxicity(ToxicityConfig(data=str(talk), batch_size=4, folds=3, fold=1))
    assert not set(found.train.ids) & set(found.valid.ids)
    assert Counter(zip(found.valid.langs, found.valid.toxic.tolist(), strict=True)) == dict.fromkeys(
        (("en", 0), ("en", 1), ("es", 0), ("es", 1)), 2
    )


def test_a_pass_has_as_many_of_each_kind_as_of_the_rarest(talk: Path) -> None:
    comments = load_toxicity(ToxicityConfig(data=str(talk), batch_size=4)).train.take(np.arange(22))
    assert Counter(kinds(comments, "label+lang").tolist()) == {0: 6, 1: 5, 2: 6, 3: 5}  # type: ignore[union-attr]
    assert [rows_of_pass(comments, balance) for balance in ("label+lang", "label", "none")] == [20, 22, 22]
    assert kinds(comments, "none") is None


def test_lines_come_from_subtitles_or_from_the_comments_themselves(talk: Path) -> None:
    found = load_toxicity(ToxicityConfig(data=str(talk), batch_size=4))
    lines = lines_for(found, supplement=True)
    assert lines.harmless["en"][:2] == ["You are kind and right, number 0.", "Again, @you!"]
    assert lines.toxic == {}, "these toxic comments have two sentences: which of them is toxic nobody knows"
    (talk / "subtitles.csv").write_text("comment_text,toxic,lang\nGood day.,0,es\nFool!,1,es\n")
    edit(talk / "train_data.csv", "number 1.\nAgain, @you!", "number one")
    found = load_toxicity(ToxicityConfig(data=str(talk), batch_size=4))
    assert lines_for(found, supplement=False).toxic == {"es": ["Fool!"]}
    assert lines_for(found, supplement=True).toxic == {"es": ["Fool!"], "en": ["You are a silly clown, number one"]}
    assert lines_for(found, supplement=True).harmless == {"es": ["Good day."]}


def test_the_built_in_chatter_is_always_the_same_and_needs_more_than_words() -> None:
    first, second = chatter(), chatter()
    assert [part.fingerprint for part in first] == [part.fingerprint for part in second]
    labelled, test, _ = first
    assert labelled.languages == ["en", "es", "tr"]
    assert 0.3 < labelled.toxic.mean() < 0.5
    assert set(test.toxic.tolist()) == {-1}
    pairs = zip(labelled.texts, labelled.toxic.tolist(), strict=True)
    rude = [toxic for text, toxic in pairs if "clueless" in text.lower()]
    assert 0.2 < sum(rude) / len(rude) < 0.8
    accept("")


def test_each_fold_of_the_chatter_holds_out_other_comments() -> None:
    held_out = [set(load_toxicity(ToxicityConfig(fold=fold)).valid.ids) for fold in range(5)]
    assert len(set.union(*held_out)) == sum(map(len, held_out)) == len(chatter()[0])


@pytest.mark.skipif(not TOXIC.is_dir(), reason="the shared data are not here")
def test_tables_of_other_collections_are_read() -> None:
    davidson = load_toxicity(ToxicityConfig(data=str(TOXIC / "davidson")))
    assert (len(davidson.train), len(davidson.valid)) == (2400, 600)
    assert davidson.train.toxic.sum() + davidson.valid.toxic.sum() == 2100
    accept(TOXIC / "surge")
    accept(TOXIC / "derived_mlma", train_file="validation.csv", languages="fr,ar")
    assert read_comments(TOXIC / "jigsaw_max" / "test_examples.csv").known.sum() == 101
