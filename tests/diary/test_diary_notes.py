"""The user's own words below an entry: what he changes is changed, and not one byte more."""

import random
import subprocess
import sys

import pytest
from builders import Recorder

from cockpit.diary.book import write_entry
from cockpit.diary.entries import FILE, find, markers, put
from cockpit.diary.notes import (
    MARKS,
    NotesChangedError,
    append_note,
    mark_notes,
    mark_of,
    notes_of,
    replace_notes,
    shown,
    with_mark,
)
from cockpit.store.folder import FolderError, RunFolder

DAY = "2026-11-20"


def entry(experiment="exp001", body="## body", newline="\n"):
    begin, end = markers(experiment)
    return newline.join([begin, body, end])


@pytest.fixture
def run(tmp_path):
    return RunFolder(tmp_path / "exp001-hill")


@pytest.fixture
def diary(tmp_path):
    """Writes and reads the diary as bytes."""

    class Diary:
        path = tmp_path / FILE

        def write(self, text):
            self.path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape"))

        def read(self):
            return self.path.read_bytes().decode("utf-8", "surrogateescape")

    return Diary()


@pytest.mark.parametrize(
    ("after_entry", "notes"),
    [
        ("", ""),
        ("\n", ""),
        ("\n\n\n", ""),
        ("\n\nmine\n", "mine"),
        ("\nmine", "mine"),
        ("  \t\n\n  mine  \n\n", "  mine  "),
        ("\n\nfirst\n\nsecond\n\n\n", "first\n\nsecond"),
        ("\r\n\r\nfirst\r\nsecond\r\n", "first\r\nsecond"),
        (f"\n\nmine\n\n{entry('exp002')}\n\nof another\n", "mine"),
        (f"\n{entry('exp002')}\n", ""),
        ("\n\nmine\n\n# 2026-11-21\n\nof the next day\n", "mine"),
        ("\n\nmine\n\n# 2026-11-21 rainy\n", "mine"),
        ("\n\n## 2026-11-21\n\n# 2026\n\nx # 2026-11-21\n", "## 2026-11-21\n\n# 2026\n\nx # 2026-11-21"),
        ("\n\nx <!-- cockpit:begin exp002 -->\n", "x <!-- cockpit:begin exp002 -->"),
        ("\n\n<!-- cockpit:end exp009 -->\nmine\n", "<!-- cockpit:end exp009 -->\nmine"),
    ],
)
def test_notes_reach_to_the_next_entry_or_day(after_entry, notes):
    assert notes_of(f"# {DAY}\n\nbefore\n\n{entry()}{after_entry}", "exp001") == notes


def test_an_entry_that_is_not_there_says_how_to_make_it(run, diary):
    diary.write("mine\n")
    with pytest.raises(FolderError, match=r"^diary.md: no entry of exp001 yet; write it with `cockpit diary exp001 --"):
        replace_notes(run.path.parent, run, "", "new")
    assert diary.read() == "mine\n"


def test_damaged_markers_are_one_line_and_the_file_stays(run, diary):
    begin, end = markers("exp001")
    text = f"{begin}\n{end}\n{end}\nmine\n"
    diary.write(text)
    for change in (
        lambda: replace_notes(run.path.parent, run, "mine", "new"),
        lambda: append_note(run.path.parent, run, "new"),
        lambda: mark_notes(run.path.parent, run, "✅"),
    ):
        with pytest.raises(FolderError, match=r"the markers of exp001 are not one pair in order; [^\n]*$"):
            change()
    assert diary.read() == text


PIECES = ["a", " ", "\n", "\n\n", "# mine\n", "|", "```\n", "<!-- x -->", "é", "\udcff", "\t", "- [ ] TODO\n", "\r"]
PIECES += ["\u2028", "\x00", "\x1b[31m", "cockpit:begin", "\u202e", "字", "<!-- cockpit:end exp009 -->\n"]


def words(dice, most=10):
    return "".join(dice.choice(PIECES) for _ in range(dice.randint(0, most)))


@pytest.mark.parametrize("seed", range(300))
def test_no_byte_outside_the_notes_changes(run, diary, seed):
    dice = random.Random(seed)
    newline = dice.choice(["\n", "\r\n"])
    head = f"{words(dice)}{newline}{entry(newline=newline)}"
    tail = dice.choice(["", newline + entry("exp002", newline=newline) + dice.choice(["", newline + words(dice)])])
    text = f"{head}{newline}{words(dice)}{tail}"
    diary.write(text)
    present = notes_of(text, "exp001")
    new = f"new {words(dice)} words".replace("<!--", "<!-")
    replace_notes(run.path.parent, run, present, new)
    changed = diary.read()
    written = notes_of(changed, "exp001")
    assert shown(written) == shown(new)
    assert changed.startswith(head)
    assert changed.endswith(tail)
    between, between_before = (found[len(head) : len(found) - len(tail)] for found in (changed, text))
    if present:
        assert between == between_before.replace(present, written, 1)
    else:
        assert between.split(written) != [between]
        assert not between.replace(written, "", 1).strip()


@pytest.mark.parametrize("seed", range(100))
def test_notes_that_go_and_come_again_leave_no_trace(run, diary, seed):
    dice = random.Random(seed)
    newline = dice.choice(["\n", "\r\n"])
    tail = dice.choice(["", newline, newline * 4, newline + entry("exp002", newline=newline)])
    diary.write(f"{words(dice)}{newline}{entry(newline=newline)}{tail}")
    replace_notes(run.path.parent, run, "", "new\nwords")
    first = diary.read()
    replace_notes(run.path.parent, run, "new\nwords", "")
    assert notes_of(diary.read(), "exp001") == ""
    replace_notes(run.path.parent, run, "", "new\nwords")
    assert diary.read() == first


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("ending", ["", "\n", "\n\n", "\n\n\n\n"])
def test_first_notes_stand_between_blank_lines(run, diary, newline, ending):
    def lines(text):
        return text.replace("\n", newline)

    diary.write(lines(f"# {DAY}\n\n{entry()}{ending}"))
    replace_notes(run.path.parent, run, "", "one\ntwo")
    below = "\n" * max(1, len(ending) - 2)
    assert diary.read() == lines(f"# {DAY}\n\n{entry()}\n\none\ntwo{below}")


@pytest.mark.parametrize("between", ["\n", "\n\n", "\n\n\n"])
def test_first_notes_are_apart_from_the_next_entry(run, diary, between):
    diary.write(f"{entry()}{between}{entry('exp002')}\n")
    replace_notes(run.path.parent, run, "", "mine")
    assert diary.read() == f"{entry()}\n\nmine\n\n{entry('exp002')}\n"


def test_lines_that_stay_keep_their_bytes_and_their_ends(run, diary):
    diary.write(f"{entry()}\n\nfirst \udcff\udcfe\r\nsecond\nthird \x1b[31mred\r\nfourth\n")
    before = notes_of(diary.read(), "exp001")
    assert shown(before) == "first \\xff\\xfe\nsecond\nthird red\nfourth"
    replace_notes(run.path.parent, run, before, shown(before).replace("second", "another\nline"))
    assert diary.read() == f"{entry()}\n\nfirst \udcff\udcfe\r\nanother\nline\nthird \x1b[31mred\r\nfourth\n"


def test_nothing_is_written_when_nothing_changed(run, diary):
    diary.write(f"{entry()}\n\nfirst \udcff\r\n\x00second\n")
    before = diary.path.stat().st_ino
    replace_notes(run.path.parent, run, shown("first \udcff\r\nsecond"), "first \\xff\nsecond")
    assert diary.path.stat().st_ino == before


def test_new_lines_are_made_safe_and_never_cut(run, diary):
    diary.write(f"{entry()}\n")
    replace_notes(run.path.parent, run, "", "\n\n\x1b]52;c;x\x07a\u202eb\r\nc\rd\n" + "x" * 10_000 + "\n\n")
    assert notes_of(diary.read(), "exp001") == "ab\nc\nd\n" + "x" * 10_000


def test_notes_that_somebody_else_changed_are_not_overwritten(run, diary):
    text = f"{entry()}\n\ntheirs\n"
    diary.write(text)
    with pytest.raises(NotesChangedError, match=r"^diary.md: somebody else changed the notes of exp001 meanwhile; "):
        replace_notes(run.path.parent, run, "old", "mine")
    assert diary.read() == text


@pytest.mark.parametrize(
    "line",
    [
        "<!-- cockpit:begin exp001 -->",
        "<!-- cockpit:end exp002 -->  ",
        "<!-- cock\u200bpit:begin exp001 -->",
        "# 2026-11-21",
        "# 2026-11-21 rainy",
        "\ufeff# 2026-11-21",
    ],
)
def test_a_line_that_would_break_the_structure_is_refused(run, diary, line):
    text = f"{entry()}\n\nmine\n"
    diary.write(text)
    for change in (
        lambda: replace_notes(run.path.parent, run, "mine", f"mine\n{line}\nmore"),
        lambda: append_note(run.path.parent, run, f"more\n{line}"),
    ):
        with pytest.raises(FolderError, match=r"^the note('s line| holds a line)[^\n]*$"):
            change()
    assert diary.read() == text


def test_a_mark_that_hides_a_dated_heading_stays(run, diary):
    text = f"{entry()}\n\n✅ # 2026-11-21\n"
    diary.write(text)
    with pytest.raises(FolderError, match="would begin another day"):
        mark_notes(run.path.parent, run, "")
    assert diary.read() == text


def test_a_stray_marker_that_is_there_does_not_keep_anybody_from_writing(run, diary):
    diary.write(f"{entry()}\n\n<!-- cockpit:end exp009 -->\nmine\n")
    append_note(run.path.parent, run, "more")
    assert diary.read() == f"{entry()}\n\n<!-- cockpit:end exp009 -->\nmine\n\nmore\n"


def test_notes_are_appended_as_paragraphs(run, diary):
    first, second = entry(newline="\r\n"), entry("exp002", newline="\r\n")
    diary.write(f"{first}\r\n\r\n{second}\r\n")
    append_note(run.path.parent, run, "one\ntwo")
    append_note(run.path.parent, run, "\n three\n\n")
    assert notes_of(diary.read(), "exp001") == "one\r\ntwo\r\n\r\n three"
    assert diary.read().endswith(f" three\r\n\r\n{second}\r\n")


def test_words_come_beside_a_mark_that_stands_alone(run, diary):
    diary.write(f"{entry()}\n\n❌\n")
    append_note(run.path.parent, run, "too slow")
    assert notes_of(diary.read(), "exp001") == "❌ too slow"
    append_note(run.path.parent, run, "and wrong")
    assert notes_of(diary.read(), "exp001") == "❌ too slow\n\nand wrong"


@pytest.mark.parametrize("text", ["", " \n\t", "\x1b[31m", "\u200b"])
def test_an_empty_note_is_refused(run, diary, text):
    diary.write(f"{entry()}\n")
    with pytest.raises(FolderError, match="the note for exp001 is empty"):
        append_note(run.path.parent, run, text)


@pytest.mark.parametrize(
    ("notes", "mark", "result"),
    [
        ("", "✅", "✅"),
        ("good", "✅", "✅ good"),
        ("✅ good", "✅", "good"),
        ("✅ good", "❌", "❌ good"),
        ("✅ good", "", "good"),
        ("good", "", "good"),
        ("✅", "✅", ""),
        ("✅good", "➖", "➖ good"),
        ("- one\n- two", "✅", "✅\n\n- one\n- two"),
        ("✅\n\n- one\n- two", "❌", "❌\n\n- one\n- two"),
        ("✅\r\n\r\n1. one", "✅", "1. one"),
        ("-1 is less", "✅", "✅ -1 is less"),
    ],
)
def test_a_mark_is_set_changed_and_taken_away(notes, mark, result):
    assert with_mark(notes, mark) == result
    assert mark_of(result) in ("", mark)


@pytest.mark.parametrize(
    "notes",
    ["", "plain", "  indented", "    code", "\tcode", "> quote", "| a |", "## h", "```\nx", "---", "3) x"],
)
@pytest.mark.parametrize("mark", MARKS)
def test_taking_a_mark_away_gives_back_what_was_there(notes, mark):
    marked = with_mark(notes, mark)
    assert mark_of(marked) == mark
    assert with_mark(marked, mark) == notes


def test_marking_keeps_every_byte_of_the_notes(run, diary):
    text = f"{entry()}\n\n\udcff caf\x1b[31m \r\n\x00\n"
    diary.write(text)
    mark_notes(run.path.parent, run, "✅")
    assert diary.read() == text.replace("\udcff", "✅ \udcff", 1)
    mark_notes(run.path.parent, run, "✅")
    assert diary.read() == text.replace("\udcff", "✅ \udcff", 1)
    mark_notes(run.path.parent, run, "")
    assert diary.read() == text


def test_a_diary_that_cannot_be_written_says_that_the_note_is_not_in_it(run, diary):
    diary.path.mkdir()
    with pytest.raises(FolderError, match=r"diary.md: cannot write the diary \([^\n]*\); the note is not in it$"):
        append_note(run.path.parent, run, "x")


PROGRAM = """
import sys
from pathlib import Path
from cockpit.diary.book import write_entry, read
from cockpit.diary.notes import NotesChangedError, append_note, notes_of, replace_notes
from cockpit.store.folder import RunFolder

logs, job, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
run = RunFolder(logs / "exp001-hill")
for number in range(count):
    if job == "entries":
        for name in ("exp001-hill", "exp002-hill", "exp003-hill"):
            write_entry(logs, RunFolder(logs / name))
    elif job == "append":
        append_note(logs, run, f"append {number}")
    else:
        while True:
            before = notes_of(read(logs), "exp001")
            try:
                replace_notes(logs, run, before, f"{before}\\nreplace {number}")
                break
            except NotesChangedError:
                pass
"""


def test_processes_that_write_notes_and_entries_at_once_lose_nothing(tmp_path):
    for number in (1, 2, 3):
        Recorder(tmp_path, f"exp00{number}-hill", at=1e6 * number).trial(0, [0.5]).trial(1, [0.75]).end()
    write_entry(tmp_path, RunFolder(tmp_path / "exp001-hill"))
    path = tmp_path / FILE
    mine = b"\xff mine\r\n\x80\r\n\r\n"
    path.write_bytes(mine + path.read_bytes() + b"\nold \xff words")
    jobs = [("entries", 10), ("append", 25), ("replace", 25)]
    started = [subprocess.Popen([sys.executable, "-c", PROGRAM, tmp_path, job, str(count)]) for job, count in jobs]
    assert [process.wait() for process in started] == [0, 0, 0]
    text = path.read_bytes().decode("utf-8", "surrogateescape")
    assert text.encode("utf-8", "surrogateescape").startswith(mine)
    lines = notes_of(text, "exp001").split("\n")
    assert lines[0] == "old \udcff words"
    for job in ("append", "replace"):
        assert [line for line in lines if line.startswith(job)] == [f"{job} {number}" for number in range(25)]
    assert [name for name in ("exp001", "exp002", "exp003") if find(text, name) is None] == []
    assert not [entry.name for entry in tmp_path.iterdir() if entry.name.endswith(".tmp")]


def test_an_entry_that_is_written_again_leaves_the_notes(run, diary):
    text = put(put("", "exp001", "one", DAY), "exp002", "two", DAY)
    diary.write(text)
    append_note(run.path.parent, run, "mine \x85 \u2028 \ufeff")
    noted = diary.read()
    assert put(noted, "exp001", "new", DAY) == noted.replace("one", "new")
