from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

import pytest

from trainers import registry
from trainers.configs.xnli import XnliConfig
from trainers.contract import InputError
from trainers.data.checksums import NAME, write_checksums
from trainers.data.inferences import _WORDS, inferences
from trainers.data.nli_tables import read_pairs
from trainers.data.pairs import LABELS
from trainers.data.xnli import load_xnli

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data" / "nli_xnli"
MULTINLI = "XNLI-MT-1.0/multinli/multinli.train.en.tsv"


def load(folder: Path | str, **values: object) -> tuple[str, str, list[str], list[str], int, int]:
    """From where, in which languages and how many pairs are trained and validated on."""
    config = registry.build_config(registry.find("xnli"), {"data": str(folder), "batch_size": 2, **values})
    assert isinstance(config, XnliConfig)
    found = load_xnli(config)
    train, valid = found.train, found.valid
    return found.train_from, found.valid_from, train.languages, valid.languages, len(train), len(valid)


def refusal(folder: Path | str, **values: object) -> str:
    """The one line with which `check` refuses this data."""
    trainer = registry.find("xnli")
    with pytest.raises(InputError) as caught:
        trainer.check(registry.build_config(trainer, {"data": str(folder), "batch_size": 2, **values}))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_columns_are_found_by_name_and_else_by_position(tmp_path: Path) -> None:
    """X4: without quoting; XNLI has languages, labels and texts in columns 0, 1, 6 and 7, MultiNLI in 2, 0 and 1."""
    pairs = {
        "named.tsv": 'sentence2\tgold_label\tlanguage\tsentence1\nB “b”\tneutral\tsw\t"A\u2028a\n',
        "other.tsv": 'l\tg\t\t\t\t\tone\ttwo\nsw\tneutral\t\t\t\t\t"A\u2028a\tB “b”\n',
        "none.tsv": 'sw\tneutral\t\t\t\t\t"A\u2028a\tB “b”\tmore\r\n\r\n',
    }
    for name, text in pairs.items():
        (tmp_path / name).write_bytes(text.encode("utf-8-sig"))
        found = read_pairs(tmp_path / name)
        assert (found.langs, found.premises, found.hypotheses) == (["sw"], ['"A\u2028a'], ["B “b”"])
        assert found.labels.tolist() == [2]
    for header in ("hypo\tlabel\tpremise\n", "", "a\tb\tc\n"):
        row = "No.\tcontradictory\tYes.\n" if header.startswith("hypo") else "Yes.\tNo.\tcontradictory\n"
        (tmp_path / "t.tsv").write_text(header + row)
        found = read_pairs(tmp_path / "t.tsv", "zh")
        assert (found.langs, found.premises, found.hypotheses) == (["zh"], ["Yes."], ["No."])
        assert [LABELS[label] for label in found.labels] == ["contradiction"]


def test_training_is_on_multinli_and_else_on_the_dev_table(nli: Path) -> None:
    english = "multinli.train.en.tsv"
    assert load(nli) == (english, "xnli.dev.tsv", ["en"], ["en", "sw"], 12, 18)
    assert load(nli, language="en") == (english, "xnli.dev.tsv", ["en"], ["en"], 12, 9)
    assert load(nli, language="sw") == ("xnli.dev.tsv", "xnli.test.tsv", ["sw"], ["sw"], 9, 6)
    assert load(nli, language="sw", train_language="en") == (english, "xnli.dev.tsv", ["en"], ["sw"], 12, 9)
    (nli / MULTINLI).unlink()
    assert load(nli) == ("xnli.dev.tsv", "xnli.test.tsv", ["en", "sw"], ["en", "es", "sw"], 18, 18)
    assert load(nli, language="es", train_language="sw,en")[2:] == (["en", "sw"], ["es"], 18, 6)


@pytest.mark.parametrize(
    ("table", "old", "new", "words"),
    [
        ("xnli.dev.tsv", "sentence2", "text2", "has no column sentence2 (it has language, gold_label"),
        (
            "xnli.dev.tsv",
            "language\tgold_label\tparse0\tparse1\tparse2\tparse3\tsentence1\tsentence2",
            "a\tb",
            "has no",
        ),
        ("xnli.dev.tsv", 'en\tneutral\t\t\t\t\tHe said "2 en', "en\tneutral\t\t\t\t\t ", "line 4 has no sentence1"),
        (
            "xnli.test.tsv",
            "en\tneutral",
            "en\t-",
            "line 4 has label '-'; give one of contradiction, entail",
        ),
        ("xnli.test.tsv", "sw\tneutral", "\tneutral", "line 10 has language ''"),
        ("xnli.test.tsv", "\tIt was neutral\t2", "", "line 4 has 7 columns, not 8 or more"),
        (MULTINLI, "hypo", "hypothesis", "has no column hypo (it has premise, hypothesis, label)"),
        (MULTINLI, "None saw 1\tent", "\tent", "line 3 has no hypo; fill it in, remove the line, or let python -m"),
        (MULTINLI, "neutral", "2", "line 4 has label '2'"),
    ],
)
def test_bad_tables_are_one_line(nli: Path, table: str, old: str, new: str, words: str) -> None:
    edit(nli / table, old, new)
    message = refusal(nli)
    assert words in message
    assert table in message


def test_settings_that_do_not_fit_the_data(nli: Path, tmp_path: Path) -> None:
    assert "does not exist" in refusal(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    assert "has neither xnli.dev.tsv nor xnli.test.tsv" in refusal(tmp_path / "empty")
    assert "train_language = 'xx': there are no pairs in xx; there are: en, es, sw" in refusal(nli, language="xx")
    assert "no pairs in es in xnli.dev.tsv; there are: en, sw" in refusal(nli, language="es", train_language="en")
    assert "there is nothing to train on in es: no multinli.train.es.tsv" in refusal(nli, language="es")
    assert "there are no pairs in de; there are: en, es" in refusal("", language="de")
    assert "batch_size = 13 is more than the 12 pairs" in refusal(nli, batch_size=13)
    assert "is no folder of a transformers model" in refusal(nli, model=str(tmp_path))
    (nli / "xnli.test.tsv").unlink()
    assert "and nothing to train on in sw" in refusal(nli, language="sw")
    (nli / "xnli.dev.tsv").write_bytes(b"\xff\xfe")
    assert "cannot be read as a table in UTF-8" in refusal(nli)
    (nli / "xnli.dev.tsv").write_text("language\tgold_label\tsentence1\tsentence2\n")
    assert "has no rows" in refusal(nli)
    (nli / "old").mkdir()
    (nli / "xnli.dev.tsv").rename(nli / "old" / "xnli.dev.tsv")
    (nli / "xnli.dev.tsv").write_text("")
    assert "has two tables xnli.dev.tsv" in refusal(nli)


def test_one_label_alone_cannot_be_learnt(nli: Path) -> None:
    for _ in range(4):
        edit(nli / MULTINLI, "\tneutral", "\tentailment")
    assert "multinli.train.en.tsv has no pairs of neutral to train on" in refusal(nli)


def test_a_prepared_table_that_was_torn_on_its_way_is_refused(nli: Path) -> None:
    write_checksums(nli, ["xnli.dev.tsv", "xnli.test.tsv"])
    load(nli)
    edit(nli / "xnli.dev.tsv", "He said", "He sai")
    assert f"xnli.dev.tsv is not what {NAME} says" in refusal(nli)


def test_built_in_pairs_are_always_the_same_and_need_both_sentences() -> None:
    """The words of one sentence alone let the label be guessed far less often than those of both."""
    (train, valid), again = inferences(), inferences()
    assert [train.fingerprint, valid.fingerprint] == [pairs.fingerprint for pairs in again]
    assert train.languages == valid.languages == ["en", "es", "sw"]
    numbers = {word for words in _WORDS.values() for word in words["number"]}

    def guessed(sides: list[Sequence[str]]) -> float:
        """How often the commonest label of pairs with the same number words is right."""
        seen: dict[tuple[str, ...], Counter[int]] = defaultdict(Counter)
        for label, *texts in zip(train.labels.tolist(), *sides, strict=True):
            words = [word for text in texts for word in text.rstrip(".").split() if word in numbers]
            assert len(words) == len(texts)
            seen[tuple(words)][label] += 1
        return sum(max(counts.values()) for counts in seen.values()) / len(train)

    assert guessed([train.premises]) < 0.42
    assert guessed([train.hypotheses]) < 0.6
    assert guessed([train.premises, train.hypotheses]) > 0.92


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data are not here")
def test_the_real_tables_are_read() -> None:
    every = load(SHARED)
    assert every[2:] == (["en", "my", "sw", "ur"], ["en", "es", "eu", "my", "sw", "ur"], 2880, 2412)
    assert load(SHARED, language="sw")[4:] == (720, 402)
