from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import pytest

from trainers.contract import InputError
from trainers.data.corpus import RUN, Corpus, Paragraph, load_texts, split_corpus
from trainers.data.labelled import load_labelled
from trainers.data.paragraphs import paragraphs, read_paragraphs

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data" / "paragraphs"
LONG = "A sentence that is long enough to be one. "


def some(count: int, sources: Sequence[str] = ("a.txt",)) -> dict[str, list[str]]:
    return {source: [f"{LONG}And number {number} of {source}." for number in range(count)] for source in sources}


def test_blank_lines_lie_between_wrapped_paragraphs() -> None:
    text = f"{LONG}\nIt goes on here.\n \t\n\nToo short\r\n\r\n{LONG}"
    assert list(paragraphs(text)) == [f"{LONG.strip()} It goes on here.", LONG.strip()]


def test_of_a_book_only_the_book_is_read() -> None:
    text = f"{LONG}License\n\n*** START OF THIS PROJECT GUTENBERG EBOOK X ***\n\n{LONG}\nwrapped\n\n{LONG}\n\n"
    text += f"*** END OF THE PROJECT GUTENBERG EBOOK X ***\n\n{LONG}Donations"
    assert list(paragraphs(text)) == [f"{LONG.strip()} wrapped", LONG.strip()]


def test_wikitext_has_a_paragraph_on_each_line_and_its_marks_are_undone() -> None:
    text = (
        " \n = Robert <unk> = \n \n He had a guest @-@ starring role ( in 1 @,@ 000 shows ) , it 's said . \n"
        f" = = Career = = \n {LONG}\n"
    )
    assert list(paragraphs(text)) == ["He had a guest-starring role (in 1,000 shows), it's said.", LONG.strip()]


def test_without_blank_lines_every_line_is_a_paragraph() -> None:
    assert list(paragraphs(f"{LONG}One.\n{LONG}Two.\n")) == [f"{LONG}One.", f"{LONG}Two."]


def test_all_text_files_of_a_folder_are_read_in_the_order_of_their_names(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    for name in ("utf8_dump.000000000000002.txt", "deep/b.txt", "utf8_dump.000000000000001.txt", "README", "c.csv"):
        (tmp_path / name).write_text(f"{LONG}\n\n{LONG}{name}", encoding="utf-8")
    found = read_paragraphs(tmp_path)
    assert list(found) == ["deep/b.txt", "utf8_dump.000000000000001.txt", "utf8_dump.000000000000002.txt"]
    assert [len(texts) for texts in found.values()] == [2, 2, 2]
    assert list(read_paragraphs(tmp_path / "deep" / "b.txt")) == ["b.txt"]


def test_what_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere does not exist: --data needs a folder with text files"):
        read_paragraphs(tmp_path / "nowhere")
    with pytest.raises(InputError, match="has no text files"):
        read_paragraphs(tmp_path)
    (tmp_path / "latin.txt").write_bytes(b"caf\xe9")
    with pytest.raises(InputError, match=r"latin\.txt is not UTF-8 \(byte 3\)"):
        read_paragraphs(tmp_path)


def test_runs_of_neighbours_are_held_out() -> None:
    texts = some(5 * RUN)
    corpus = split_corpus(texts, 2, folds=4, fold=1)
    numbers = [int(paragraph.sentences[1].split()[2]) for paragraph in corpus.valid]
    assert numbers == list(range(RUN, 2 * RUN))
    assert len(corpus.train) == 4 * RUN
    assert {paragraph.source for paragraph in corpus.train} == {"a.txt"}


def test_texts_count_once_and_need_their_sentences() -> None:
    texts = some(20)
    twice = {"a.txt": texts["a.txt"] * 2 + [LONG], "b.txt": texts["a.txt"]}
    once, both = split_corpus(texts, 2, 2, 0), split_corpus(twice, 2, 2, 0)
    assert (once.train, once.valid) == (both.train, both.valid)
    assert once.fingerprint == both.fingerprint
    assert once.fingerprint != split_corpus(texts, 2, 2, 1).fingerprint
    assert once.fingerprint != split_corpus({"b.txt": texts["a.txt"]}, 2, 2, 0).fingerprint


def test_too_few_paragraphs_and_folds_that_do_not_exist_are_one_line() -> None:
    with pytest.raises(InputError, match=r"here has 0 paragraphs of at least 3 sentences .* add texts, or lower"):
        split_corpus(some(50), 3, 10, 0, "here")
    with pytest.raises(InputError, match="fold = 10 does not exist: give a number from 0 to 9"):
        split_corpus(some(50), 2, 10, 10)


def test_the_built_in_text_is_english_prose_and_always_the_same() -> None:
    corpus = split_corpus(load_texts(""), 2, 10, 0)
    assert corpus.fingerprint == split_corpus(load_texts(""), 2, 10, 0).fingerprint
    assert len(corpus.train) > 400
    every = [sentence for paragraph in corpus.train for sentence in paragraph.sentences]
    assert not [sentence for sentence in every if ">>>" in sentence or "::=" in sentence]
    assert sum(" the " in sentence for sentence in every) > len(every) / 3


def corpus_of(train: dict[str, int], valid: dict[str, int]) -> Corpus:
    def made(counts: dict[str, int]) -> list[Paragraph]:
        return [Paragraph(source, (f"{number}",)) for source, count in counts.items() for number in range(count)]

    return Corpus(made(train), made(valid), 2, 0)


def test_without_labels_it_is_the_source_that_is_told() -> None:
    corpus = corpus_of({"a": 50, "b": 30, "c": 60, "d": 1}, {"a": 3, "b": 5, "c": 1, "d": 2})
    found = load_labelled("", corpus, 100)
    assert found is not None
    assert sorted({found.labels[row] for row in found.train}) == ["a", "b", "d"]
    assert len(found.train) == 40 + 30 + 1, "of the largest source only so many"
    assert found.majority == pytest.approx(3 / 10)
    assert load_labelled("", corpus, 0) is None
    assert load_labelled("", corpus_of({"a": 50}, {"a": 3}), 100) is None


def write_labelled(folder: Path, rows: Sequence[Sequence[str]], header: Sequence[str] = ("text", "label")) -> None:
    with (folder / "labelled.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([header, *rows])


def test_labelled_texts_are_dealt_by_their_label(tmp_path: Path) -> None:
    rows = [(f"{LONG}{LONG}", "good") for _ in range(8)] + [("Bad.", "bad") for _ in range(8)]
    write_labelled(tmp_path, rows)
    found = load_labelled(str(tmp_path), corpus_of({}, {}), 100)
    assert found is not None
    assert found.texts[0] == (LONG.strip(), LONG.strip())
    assert found.texts[-1] == ("Bad.",), "a text too short for a sentence is one"
    assert sorted(found.labels[row] for row in found.test) == ["bad"] * 2 + ["good"] * 2
    assert not set(found.train) & set(found.test)
    shorter = load_labelled(str(tmp_path), corpus_of({}, {}), 12)
    assert shorter is not None
    assert len(shorter.texts) == 12


@pytest.mark.parametrize(
    ("rows", "header", "words"),
    [
        ([("a", "b")], ("text", "class"), "has no column label; its header line needs text,label"),
        ([("a text", "x"), (" ", "x")], ("text", "label"), "row 2 has no text"),
        ([("a text", "")], ("text", "label"), "row 1 has no label"),
        ([("a text", "x")] * 8, ("text", "label"), "needs texts of at least two labels"),
    ],
)
def test_labelled_texts_that_cannot_be_used_are_one_line(
    tmp_path: Path, rows: Sequence[Sequence[str]], header: Sequence[str], words: str
) -> None:
    write_labelled(tmp_path, rows, header)
    with pytest.raises(InputError, match=words) as refusal:
        load_labelled(str(tmp_path), corpus_of({}, {}), 100)
    assert "labelled.csv" in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data are not here")
def test_real_texts_are_read() -> None:
    found = read_paragraphs(SHARED)
    assert list(found) == ["gutenberg/1661.txt", "wikitext-2/test.txt", "wikitext-2/valid.txt"]
    book = " ".join(found["gutenberg/1661.txt"])
    assert "To Sherlock Holmes she is always THE woman." in book
    assert "Project Gutenberg License" not in book
    assert "Homarus gammarus, known as the European lobster or common lobster, is a species" in " ".join(
        found["wikitext-2/valid.txt"]
    )
    assert all(len(texts) > 1_000 for texts in found.values())
