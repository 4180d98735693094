"""The diary belongs to the user: entries come and change between their markers, everything else stays."""

import random
import subprocess
import sys

import pytest
from builders import Recorder

from cockpit.diary.book import write_entry
from cockpit.diary.entries import FILE, find, markers, put
from cockpit.store.folder import FolderError, RunFolder
from cockpit.store.summary import write_summary

BEGIN, END = markers("exp001")
DAY = "2026-11-20"


def entry(body, experiment="exp001", newline="\n"):
    begin, end = markers(experiment)
    return newline.join([begin, *body.split("\n"), end])


def finished(logs, name="exp001-hill", **fields):
    return Recorder(logs, name, **fields).trial(0, [0.5], baseline=True).trial(1, [0.75]).end()


def test_a_new_diary_begins_with_the_date():
    assert put("", "exp001", "body", DAY) == f"# {DAY}\n\n{entry('body')}\n"


def test_an_entry_of_the_same_day_goes_below_the_last():
    first = put("", "exp001", "one", DAY)
    assert put(first, "exp002", "two", DAY) == f"{first}\n{entry('two', 'exp002')}\n"


def test_an_entry_of_another_day_gets_a_heading():
    first = put("", "exp001", "one", DAY)
    assert put(first, "exp002", "two", "2026-11-21") == f"{first}\n# 2026-11-21\n\n{entry('two', 'exp002')}\n"


@pytest.mark.parametrize("heading", [f"# {DAY}", f"# {DAY} rainy", f"\ufeff# {DAY}", f"# {DAY}: two sweeps"])
def test_a_heading_that_the_user_made_of_the_date_counts(heading):
    text = put(f"{heading}\n\nmine\n", "exp001", "body", DAY)
    assert text == f"{heading}\n\nmine\n\n{entry('body')}\n"


@pytest.mark.parametrize("heading", ["## 2026-11-20", f"#{DAY}", f"text # {DAY}", "# 2026-11-201"])
def test_what_is_no_dated_heading_does_not_count(heading):
    assert f"\n# {DAY}\n" in put(f"{heading}\n", "exp001", "body", DAY)


@pytest.mark.parametrize("ending", ["", "\n", "\n\n", "\n\n\n\n"])
def test_one_blank_line_at_least_stands_before_a_new_entry(ending):
    text = put(f"# {DAY}\nmine{ending}", "exp001", "body", DAY)
    blank = ending if len(ending) > 2 else "\n\n"
    assert text == f"# {DAY}\nmine{blank}{entry('body')}\n"


def test_an_entry_is_replaced_between_its_markers_only():
    text = f"before\n{entry('old')}   \nafter, and <!-- cockpit:begin exp001 --> in a line\n"
    assert put(text, "exp001", "new\nlines", DAY) == text.replace("old", "new\nlines")


def test_ids_that_begin_alike_are_not_mixed_up():
    text = put(put("", "exp001", "one", DAY), "exp0011", "eleven", DAY)
    changed = put(text, "exp001", "new", DAY)
    assert entry("eleven", "exp0011") in changed
    assert entry("new") in changed


ALPHABET = [
    "a",
    " ",
    "\n",
    "\r\n",
    "\n\n",
    "# 2026-11-20\n",
    "# mine\n",
    "|",
    "`",
    "```\n",
    "<!-- x -->",
    "é",
    "\udcff",
]
ALPHABET += ["cockpit:begin", "<!-- cockpit:begin exp009 --> ", "\t", "- [ ] TODO\n", "\u2028", "\x00", "\r"]


def newline_of(text):
    return "\r\n" if 2 * text.count("\r\n") > text.count("\n") else "\n"


def words(dice):
    return "".join(dice.choice(ALPHABET) for _ in range(dice.randint(0, 12)))


@pytest.mark.parametrize("seed", range(200))
def test_no_character_outside_the_markers_changes(seed):
    dice = random.Random(seed)
    newline = dice.choice(["\n", "\r\n"])
    line = lambda: newline if dice.random() < 0.9 else "\n"  # noqa: E731 - drawn anew each time
    before, between, after = (words(dice) for _ in range(3))
    first, second = entry(f"old {words(dice)}", newline=newline), entry("other", "exp002", newline)
    if BEGIN in first.removeprefix(BEGIN):
        return
    text = before + line() + first + line() + between + line() + second + dice.choice(["", line() + after])
    if before.endswith("\r"):
        before, text = before + " ", text.replace(before, before + " ", 1)
    changed = put(text, "exp001", "new\nbody", DAY)
    start = text.index(first)
    outside = text[:start], text[start + len(first) :]
    assert changed == entry("new\nbody", newline=newline_of("".join(outside))).join(outside)
    assert put(changed, "exp001", "new\nbody", DAY) == changed


@pytest.mark.parametrize("seed", range(200))
def test_an_appended_entry_keeps_every_character_before_it_and_is_found_again(seed):
    dice = random.Random(seed)
    text = words(dice) + words(dice)
    longer = put(text, "exp001", "body", DAY)
    assert longer.startswith(text)
    place = find(longer, "exp001")
    newline = newline_of(text)
    assert longer[slice(*place)] == entry("body", newline=newline)
    assert put(longer, "exp001", "body", DAY) == longer


@pytest.mark.parametrize(
    "text",
    [
        f"{BEGIN}\nx\n",
        f"x\n{END}\n",
        f"{END}\nx\n{BEGIN}\n",
        f"{BEGIN}\na\n{END}\n{BEGIN}\nb\n{END}\n",
        f"{BEGIN}\n{BEGIN}\nx\n{END}\n",
        f"{BEGIN}\nx\n{END}\n{END}\n",
    ],
)
def test_broken_markers_are_one_line_and_the_file_stays(tmp_path, text):
    run = finished(tmp_path)
    diary = tmp_path / FILE
    diary.write_text(text)
    with pytest.raises(FolderError, match=r"^diary.md: the markers of exp001 are not one pair in order; [^\n]*$"):
        write_entry(tmp_path, run)
    assert diary.read_text() == text
    assert not [entry.name for entry in tmp_path.iterdir() if entry.name.endswith(".tmp")]


def test_markers_of_another_experiment_may_be_broken(tmp_path):
    run = finished(tmp_path)
    (tmp_path / FILE).write_text("<!-- cockpit:begin exp009 -->\n")
    assert BEGIN in write_entry(tmp_path, run).read_text()


def test_an_entry_stands_in_the_file_of_its_logs_folder(tmp_path):
    path = write_entry(tmp_path, finished(tmp_path))
    assert path == tmp_path / "diary.md"
    text = path.read_text()
    assert text.startswith("# 1970-01-1")
    assert text.count(BEGIN) == text.count(END) == 1


def test_writing_twice_gives_the_same_bytes_and_does_not_touch_the_file(tmp_path):
    run = finished(tmp_path)
    path = write_entry(tmp_path, run)
    before = path.read_bytes(), path.stat().st_ino
    write_entry(tmp_path, run)
    assert (path.read_bytes(), path.stat().st_ino) == before


def test_bytes_that_are_no_utf8_and_crlf_lines_survive(tmp_path):
    run = finished(tmp_path)
    path = tmp_path / FILE
    mine = b"\xff\xfe my notes\r\n\x80 caf\xe9\r\n"
    path.write_bytes(mine)
    write_entry(tmp_path, run)
    text = path.read_bytes()
    assert text.startswith(mine)
    assert b"\n" not in text.replace(b"\r\n", b"")
    path.write_bytes(text + b"more \xff")
    write_entry(tmp_path, run)
    assert path.read_bytes() == text + b"more \xff"


def test_what_the_user_changed_in_another_entry_stays(tmp_path):
    first, second = finished(tmp_path), finished(tmp_path, "exp002-hill", at=2_000_000.0)
    write_entry(tmp_path, first)
    path = write_entry(tmp_path, second)
    text = path.read_text().replace("## exp001 · hill ➖", "## the first one ✅ I think")
    path.write_text(text)
    write_entry(tmp_path, second)
    assert path.read_text() == text


def test_permissions_and_links_of_the_diary_are_kept(tmp_path):
    run = finished(tmp_path / "logs")
    real = tmp_path / "elsewhere.md"
    real.write_text("mine\n")
    real.chmod(0o640)
    (tmp_path / "logs" / FILE).symlink_to(real)
    write_entry(tmp_path / "logs", run)
    assert (tmp_path / "logs" / FILE).is_symlink()
    assert real.read_text().startswith("mine\n")
    assert real.stat().st_mode & 0o777 == 0o640


def test_a_diary_that_cannot_be_written_is_one_line(tmp_path):
    run = finished(tmp_path)
    (tmp_path / FILE).mkdir()
    with pytest.raises(FolderError, match=r"diary.md: cannot read the diary \([^\n]*\)$"):
        write_entry(tmp_path, run)


def test_an_old_entry_stays_the_same_when_later_experiments_exist(tmp_path):
    first = finished(tmp_path)
    second = finished(tmp_path, "exp002-hill", at=2_000_000.0)
    path = write_entry(tmp_path, first)
    before = path.read_text()
    Recorder(tmp_path, "exp003-hill", at=3_000_000.0).trial(0, [0.99]).end()
    write_entry(tmp_path, first)
    assert path.read_text() == before
    write_entry(tmp_path, second)
    assert "best so far (exp001) +0.0000" in path.read_text()


def test_processes_that_write_at_once_lose_nothing(tmp_path):
    names = [f"exp{number:03d}-hill" for number in range(1, 9)]
    for name in names:
        write_summary(finished(tmp_path, name))  # an index has one writer
    (tmp_path / FILE).write_text("mine\n")
    program = (
        "import sys; from pathlib import Path; from cockpit.diary.book import write_entry\n"
        "from cockpit.store.folder import RunFolder\n"
        "for name in sys.argv[2:]: write_entry(Path(sys.argv[1]), RunFolder(Path(sys.argv[1]) / name))"
    )
    shares = [names[:4], names[4:], names[::2]]
    started = [subprocess.Popen([sys.executable, "-c", program, tmp_path, *share]) for share in shares]
    assert [process.wait() for process in started] == [0, 0, 0]
    text = (tmp_path / FILE).read_text()
    assert text.startswith("mine\n")
    for name in names:
        assert find(text, RunFolder(tmp_path / name).id) is not None
