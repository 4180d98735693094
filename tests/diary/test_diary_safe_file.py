"""A file that other programs save at the same moment loses nothing of what they wrote."""

import errno
import os
import subprocess
import sys

import pytest

from cockpit.diary import safe_file
from cockpit.diary.safe_file import change_file


def shout(content):
    return content.replace(b"quiet", b"LOUD")


@pytest.fixture(params=["exchange", "replace"])
def file(request, tmp_path, monkeypatch):
    """A file on a system that can exchange two of them, and on one that cannot."""
    if request.param == "replace":
        monkeypatch.setattr(safe_file, "_rename", lambda: None)
    path = tmp_path / "diary.md"
    path.write_bytes(b"quiet\n")
    return path


def leftovers(path):
    return [entry.name for entry in path.parent.iterdir() if entry.name != path.name]


def test_a_file_holds_what_was_made_of_it(file):
    assert change_file(file, shout)
    assert file.read_bytes() == b"LOUD\n"
    assert leftovers(file) == []


def test_nothing_is_written_where_nothing_changes(file):
    before = file.stat()
    assert not change_file(file, lambda content: content)
    assert (file.stat().st_ino, file.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_file_that_is_not_there_is_made(file):
    file.unlink()
    assert change_file(file, lambda content: content + b"new")
    assert file.read_bytes() == b"new"
    assert not change_file(file.with_name("other.md"), lambda content: content)
    assert leftovers(file) == []


def test_permissions_and_the_name_that_leads_to_it_stay(file):
    file.chmod(0o640)
    link = file.with_name("link.md")
    link.symlink_to(file)
    change_file(link, shout)
    assert link.is_symlink()
    assert file.stat().st_mode & 0o777 == 0o640
    assert file.read_bytes() == b"LOUD\n"


def replaced(path, content):
    """As editors save: a new file under the old name."""
    new = path.with_name("#new#")
    new.write_bytes(content)
    new.replace(path)


def appended(path, content):
    with path.open("ab") as file:
        file.write(content)


@pytest.mark.parametrize("save", [replaced, appended, lambda path, content: path.write_bytes(content)])
def test_what_was_saved_after_the_file_was_read_is_part_of_the_change(file, save):
    seen = []

    def edit(content):
        if not seen:
            save(file, b"theirs, quiet\n")
        seen.append(content)
        return shout(content)

    change_file(file, edit)
    assert seen[0] == b"quiet\n"
    assert file.read_bytes().endswith(b"theirs, LOUD\n")
    assert leftovers(file) == []


@pytest.mark.parametrize(("save", "text"), [(replaced, b"late, LOUD\n"), (appended, b"LOUD\nlate, quiet\n")])
def test_what_was_saved_between_the_last_look_and_the_exchange_is_not_lost(tmp_path, monkeypatch, save, text):
    path = tmp_path / "diary.md"
    path.write_bytes(b"quiet\n")
    rename, times = safe_file._rename(), []

    def late(*arguments):
        times.append(arguments)
        if len(times) == 1:
            save(path, b"late, quiet\n")
        return rename(*arguments)

    monkeypatch.setattr(safe_file, "_rename", lambda: late)
    change_file(path, shout)
    assert path.read_bytes() == text
    assert leftovers(path) == []


def test_what_is_written_into_the_old_file_after_the_exchange_is_not_lost(tmp_path, monkeypatch):
    path = tmp_path / "diary.md"
    path.write_bytes(b"quiet\n")
    rename, fcntl, writers = safe_file._rename(), safe_file.fcntl.fcntl, []

    def late(*arguments):
        writers.append(path.open("ab"))
        return rename(*arguments)

    def slow(descriptor, command, argument):
        if command == safe_file.fcntl.F_SETLEASE and writers and not writers[0].closed:
            try:
                return fcntl(descriptor, command, argument)  # refused, because the file is open for writing
            finally:
                writers[0].write(b"late, quiet\n")
                writers[0].close()
        return fcntl(descriptor, command, argument)

    monkeypatch.setattr(safe_file, "_rename", lambda: late)
    monkeypatch.setattr(safe_file.fcntl, "fcntl", slow)
    change_file(path, shout)
    assert len(writers) == 1
    assert path.read_bytes() == b"LOUD\nlate, quiet\n"


def test_a_file_that_stays_open_for_writing_is_left_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(safe_file, "SETTLES_SECONDS", 0.0)
    path = tmp_path / "diary.md"
    path.write_bytes(b"quiet\n")
    with path.open("ab") as writer:
        with pytest.raises(OSError, match="open for writing") as caught:
            change_file(path, shout)
        writer.write(b"mine\n")
    assert caught.value.errno == errno.EBUSY
    assert path.read_bytes() == b"quiet\nmine\n"
    assert leftovers(path) == []


def test_who_only_reads_it_is_no_hindrance(tmp_path):
    path = tmp_path / "diary.md"
    path.write_bytes(b"quiet\n")
    with path.open("rb") as reader:
        change_file(path, shout)
        assert reader.read() == b"quiet\n"
    assert path.read_bytes() == b"LOUD\n"


def test_two_texts_that_cannot_both_stand_are_both_kept(tmp_path, monkeypatch):
    path = tmp_path / "diary.md"
    path.write_bytes(b"quiet\n")
    rename, times = safe_file._rename(), []

    def late(*arguments):
        times.append(arguments)
        replaced(path, [b"first\n", b"second\n"][len(times) - 1])
        return rename(*arguments)

    monkeypatch.setattr(safe_file, "_rename", lambda: late)
    with pytest.raises(OSError, match=r"two programs saved it at once; the later text is in diary\.md") as caught:
        change_file(path, shout)
    assert caught.value.errno == errno.EBUSY
    (kept,) = leftovers(path)
    assert {path.read_bytes(), (tmp_path / kept).read_bytes()} == {b"first\n", b"second\n"}


def test_who_saves_again_and_again_is_told_of(file):
    def edit(content):
        replaced(file, content + b"quiet\n")
        return shout(content)

    with pytest.raises(OSError, match="again and again"):
        change_file(file, edit)
    assert b"LOUD" not in file.read_bytes()


def test_a_folder_that_cannot_be_written_stays_as_it_is(tmp_path, monkeypatch):
    path = tmp_path / "diary.md"
    path.write_bytes(b"quiet\n")

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(safe_file, "_write", full)
    with pytest.raises(OSError, match="No space left"):
        change_file(path, shout)
    assert path.read_bytes() == b"quiet\n"
    assert leftovers(path) == []


APPENDING = """
import os, sys
path = sys.argv[1]
print("ready", flush=True)
sys.stdin.readline()
for number in range(150):
    with open(path, "ab", buffering=0) as file:
        file.write(f"mine {number}\\r\\n".encode() + b"caf\\xe9\\n")
        os.fsync(file.fileno())
"""
REPLACING = """
import os, random, sys
from pathlib import Path
path, dice = Path(sys.argv[1]), random.Random(7)
def save(file, content):
    os.write(file, content)
    os.fsync(file)
    os.close(file)
print("ready", flush=True)
sys.stdin.readline()
for number in range(60):
    text = path.read_bytes()
    begin = text.find(b"<!-- cockpit:begin")
    at = begin if begin >= 0 and dice.random() < 0.5 else len(text)
    line = f"mine {number}\\r\\n".encode() + b"caf\\xe9\\n"
    new = path.with_name("#editor#")
    save(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), text[:at] + line + text[at:])
    new.replace(path)
    # As careful editors do; so this one does not read again within the microseconds after it has saved.
    save(os.open(path.with_name("other"), os.O_WRONLY | os.O_CREAT), b"more")
"""
WRITER = """
import sys
from pathlib import Path
from cockpit.diary import safe_file
from cockpit.diary.book import change
from cockpit.diary.entries import put
safe_file.SETTLES_SECONDS = 60.0  # a busy disk may take long to save
logs, name = Path(sys.argv[1]), sys.argv[2]
print("ready", flush=True)
sys.stdin.readline()
for number in range(20):
    change(logs, lambda text: put(text, name, f"body {number}", "2026-11-20"), "")
"""


@pytest.mark.parametrize(("editor", "saves"), [(APPENDING, 150), (REPLACING, 60)], ids=["appending", "replacing"])
def test_an_editor_and_two_cockpits_at_once_keep_every_byte_of_the_user(tmp_path, editor, saves):
    path = tmp_path / "diary.md"
    path.write_bytes(b"\xef\xbb\xbf# 2026-11-20\r\n\r\nmy own words, caf\xe9\r\n")
    programs = [[editor, path], [WRITER, tmp_path, "exp001"], [WRITER, tmp_path, "exp002"]]
    commands = [[sys.executable, "-c", *map(os.fspath, program)] for program in programs]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    started = [subprocess.Popen(command, **pipes) for command in commands]
    assert [process.stdout.readline() for process in started] == [b"ready\n"] * 3
    for process in started:
        process.stdin.write(b"go\n")
        process.stdin.flush()
    assert [process.communicate() and process.returncode for process in started] == [0, 0, 0]
    text = path.read_bytes()
    assert text.startswith(b"\xef\xbb\xbf# 2026-11-20\r\n\r\nmy own words, caf\xe9\r\n")
    found = {number: text.count(f"mine {number}\r\n".encode() + b"caf\xe9\n") for number in range(saves)}
    assert found == dict.fromkeys(range(saves), 1)
    assert list(tmp_path.glob("*.kept")) == []
