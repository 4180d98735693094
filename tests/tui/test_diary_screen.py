"""The diary's screen: reading, writing, marking and scoring, against a real logs folder."""

import asyncio
import contextlib
import os
import subprocess
import sys
import threading

import pytest
from builders import Recorder
from textual.events import Paste
from tui_stage import PATIENCE, play, screen_text

from cockpit.diary.book import read, write_entry
from cockpit.diary.entries import FILE, markers
from cockpit.diary.notes import append_note, notes_of, replace_notes
from cockpit.store.catalogue import Catalogue
from cockpit.store.folder import find_experiment
from cockpit.store.scores import scores
from cockpit.tui.app import CockpitApp
from cockpit.tui.interest import Interest
from cockpit.tui.screens.diary import EMPTY, DiaryScreen
from cockpit.tui.settings import Settings
from cockpit.tui.snapshot import Snapshot
from cockpit.tui.widgets.note_editor import MEANWHILE


class StillFeed:
    """Reads when it is told to, as the feed's thread does by the clock."""

    def __init__(self, logs):
        self.logs = logs
        self.newest = None
        self.interest = Interest()
        self.receiver = None

    def send_to(self, receiver):
        self.receiver = receiver

    def look_at(self, interest):
        if interest != self.interest or self.newest is None:
            self.interest = interest
            self.read()

    def read(self):
        diary = read(self.logs) if self.interest.diary else None
        if self.newest is not None and diary == self.newest.diary:
            diary = self.newest.diary
        experiments = Catalogue(self.logs).look(0.0)
        self.newest = Snapshot(
            serial=0, at=0.0, logs=self.logs, interest=self.interest, experiments=experiments, diary=diary
        )
        if self.receiver is not None:
            self.receiver(self.newest)


class Diary:
    """The screen, and what can be seen and done from outside."""

    def __init__(self, app, pilot, logs):
        self.app, self.pilot, self.logs = app, pilot, logs

    @property
    def screen(self):
        return self.app.screen

    async def press(self, *keys):
        await self.pilot.press(*keys)
        await self.settle()

    async def type(self, text):
        """Words, and at the end enter if they end with a line break; pasted, because each key takes its time."""
        self.app.post_message(Paste(text.removesuffix("\n")))
        await self.pilot.pause()
        if text.endswith("\n"):
            await self.press("enter")

    async def settle(self):
        """Wait for what runs in threads, and for what follows from it."""
        await asyncio.to_thread(self.app.chores.finish, PATIENCE)
        self.app.feed.read()
        await self.pilot.pause()

    def lines(self):
        return [line.rstrip() for line in screen_text(self.app).split("\n")]

    @property
    def said(self):
        return self.lines()[-1].strip()

    def notes(self, experiment):
        text = (self.logs / FILE).read_bytes().decode("utf-8", "surrogateescape")
        return notes_of(text, experiment)


@pytest.fixture
def logs(tmp_path):
    for number, day in ((1, 0), (2, 0), (3, 1)):
        recorder = Recorder(tmp_path, f"exp00{number}-hill", at=1e6 + day * 86400.0 + number)
        run = recorder.trial(0, [0.5], baseline=True).trial(1, [0.75]).end()
        write_entry(tmp_path, run)
    return tmp_path


def driven(logs, steps, experiment="", writing=False, size=(120, 40), **settings):
    async def run():
        app = CockpitApp(StillFeed(logs), Settings(**settings))
        async with app.run_test(size=size) as pilot:
            app.push_screen(DiaryScreen(experiment, writing))
            diary = Diary(app, pilot, logs)
            await pilot.pause(0)
            await diary.settle()
            await steps(diary)

    play(run())


def test_it_opens_on_the_newest_entry(logs):
    async def steps(diary):
        lines = diary.lines()
        assert lines[0].startswith(" Diary  exp003")
        assert any("exp003 · hill ➖" in line for line in lines)
        assert any("No note yet; n writes one here." in line for line in lines)
        assert [line for line in lines if "2026" in line or "1970-01-1" in line] != []
        assert diary.screen.outline.has_focus

    driven(logs, steps)


def test_it_opens_on_an_experiment_and_follows_the_cursor(logs):
    async def steps(diary):
        assert diary.screen.experiment == "exp001"
        await diary.press("down")
        assert diary.screen.experiment == "exp002"
        assert any("exp002 · hill ➖" in line for line in diary.lines())
        await diary.press("tab", "right")
        assert diary.screen.experiment == "exp003"
        await diary.press("left", "left", "left")
        assert diary.screen.experiment == "exp001"
        await diary.press("escape")
        assert not isinstance(diary.screen, DiaryScreen)

    driven(logs, steps, "exp001")


def test_a_folder_without_a_diary_says_how_to_get_one(tmp_path):
    async def steps(diary):
        assert any(EMPTY in line for line in diary.lines())
        await diary.press("n", "m", "l", "o")
        assert not (tmp_path / FILE).exists()

    driven(tmp_path, steps)


def test_an_experiment_without_an_entry_is_told(logs):
    async def steps(diary):
        assert diary.said == "exp009 has no entry in the diary"
        assert diary.screen.experiment == "exp003"

    driven(logs, steps, "exp009")


def test_a_note_is_written_below_the_entry_and_nothing_else_changes(logs):
    path = logs / FILE
    path.write_bytes(b"\xff mine\r\n" + path.read_bytes())
    before = path.read_bytes()

    async def steps(diary):
        await diary.press("n")
        assert diary.screen.editor.has_focus
        await diary.type("hello [/bold]\nq n")
        assert path.read_bytes() == before
        await diary.press("ctrl+s")
        assert diary.notes("exp002") == "hello [/bold]\nq n"
        assert diary.said == "your note on exp002 is in the diary"
        assert not diary.screen.editor.display
        assert diary.screen.outline.has_focus
        assert any("hello [/bold]" in line for line in diary.lines())

    driven(logs, steps, "exp002")
    end = markers("exp002")[1].encode()
    first, second = before.split(end)
    assert path.read_bytes() == first + end + b"\n\nhello [/bold]\nq n\n\n" + second.lstrip(b"\n")


def test_a_note_that_is_left_changes_nothing(logs):
    before = (logs / FILE).read_bytes()

    async def steps(diary):
        await diary.press("n", "escape")
        assert not diary.screen.editor.display
        await diary.press("n", "x", "escape")
        assert diary.screen.editor.display
        await diary.press("escape")
        assert not diary.screen.editor.display
        assert isinstance(diary.screen, DiaryScreen)

    driven(logs, steps)
    assert (logs / FILE).read_bytes() == before


def test_leaving_asks_once_for_a_note_that_is_not_saved(logs):
    async def steps(diary):
        await diary.press("n", "x", "tab", "q")
        assert diary.app.is_running
        assert diary.screen.editor.has_asked
        await diary.press("tab", "q")
        assert diary.app._exit

    driven(logs, steps)


def test_another_entry_cannot_be_turned_to_while_a_note_is_open(logs):
    async def steps(diary):
        await diary.press("n", "x", "tab", "up")
        assert diary.screen.experiment == "exp003"
        assert "exp003 is open" in diary.said
        await diary.press("m")
        assert "✅" not in (logs / FILE).read_text()
        await diary.press("n", "y", "ctrl+s")
        assert diary.notes("exp003") == "xy"

    driven(logs, steps)


def test_a_note_that_would_break_the_diary_stays_in_the_editor(logs):
    async def steps(diary):
        await diary.press("n")
        await diary.type("# 2026-11-20")
        await diary.press("ctrl+s")
        assert "would begin another day" in diary.said
        assert diary.screen.editor.display
        assert diary.notes("exp003") == ""

    driven(logs, steps)


def test_words_that_came_from_elsewhere_meanwhile_are_kept(logs):
    async def steps(diary):
        await diary.press("n", "x")
        append_note(logs, find_experiment(logs, "exp003"), "theirs")
        await diary.press("y", "ctrl+s")
        if diary.screen.editor.display:  # told of it only when saving
            assert diary.screen.editor.border_subtitle == MEANWHILE
            await diary.press("ctrl+s")
        assert diary.notes("exp003") == "xy\n\ntheirs"

    driven(logs, steps)


def test_a_save_that_comes_too_late_is_refused_and_made_good(logs):
    async def steps(diary):
        await diary.press("n", "x")
        run = find_experiment(logs, "exp003")
        screen = diary.screen
        screen.editor.action_save()
        replace_notes(logs, run, "", "theirs")  # before the save is done: its message has not been read yet
        await diary.pilot.pause()
        await diary.settle()
        assert "somebody else changed the notes of exp003 meanwhile" in diary.said
        assert screen.editor.text == "x\n\ntheirs"
        await diary.press("ctrl+s")
        assert diary.notes("exp003") == "x\n\ntheirs"

    driven(logs, steps)


def test_marks_go_round(logs):
    async def steps(diary):
        for mark in ("✅", "❌", "➖", ""):
            await diary.press("m")
            assert diary.notes("exp003") == mark
            assert diary.screen.outline.selected.mark == mark
        append_note(logs, find_experiment(logs, "exp003"), "words")
        await diary.settle()
        await diary.press("m", "m")
        assert diary.notes("exp003") == "❌ words"

    driven(logs, steps)


def test_marks_that_are_set_quickly_count_each(logs):
    async def steps(diary):
        gate = threading.Lock()
        with gate, diary.screen._desk._lock:  # nothing can be written yet
            for _ in range(3):
                await diary.pilot.press("m")
        await diary.settle()
        assert diary.notes("exp003") == "➖"

    driven(logs, steps)


def test_a_score_of_the_leaderboard_goes_into_record_and_entry(logs):
    async def steps(diary):
        await diary.press("l")
        assert "leaderboard score of exp003" in diary.said
        await diary.type("0.93921\n")
        assert diary.said == "exp003: LB 0.93921 is in the diary"
        assert any("· LB 0.93921" in line for line in diary.lines())
        await diary.press("l")
        await diary.type("private -1\n")
        assert any("private LB -1" in line for line in diary.lines())

    driven(logs, steps)
    found = scores(find_experiment(logs, "exp003"))
    assert [(score.value, score.private) for score in found] == [(0.93921, False), (-1.0, True)]


def test_what_is_no_score_is_not_recorded(logs):
    async def steps(diary):
        await diary.press("l", "enter")
        assert "n note" in diary.said
        for text in ("good", "private 0.5 0.6"):
            await diary.press("l")
            await diary.type(f"{text}\n")
            assert diary.said.startswith("not a number; leaderboard score of exp003")
            assert diary.said.endswith(text)
            await diary.press("escape")
        for text in ("nan",):
            await diary.press("l")
            await diary.type(f"{text}\n")
            assert f"{text} is no score" in diary.said

    driven(logs, steps)
    assert scores(find_experiment(logs, "exp003")) == []


def test_an_experiment_that_is_gone_is_told(logs):
    for path in sorted((logs / "exp003-hill").rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    (logs / "exp003-hill").rmdir()

    async def steps(diary):
        await diary.press("m")
        assert diary.said.startswith("exp003: no such experiment")

    driven(logs, steps)


def test_writing_makes_the_entry_where_there_is_none(logs):
    Recorder(logs, "exp004-hill", at=2e6).trial(0, [0.5])

    async def steps(diary):
        assert diary.screen.experiment == "exp004"
        assert diary.screen.editor.has_focus
        await diary.type("mine")
        await diary.press("ctrl+s")
        assert diary.notes("exp004") == "mine"

    driven(logs, steps, "exp004", writing=True)


def test_writing_begins_at_once_where_there_is_an_entry(logs):
    async def steps(diary):
        assert diary.screen.experiment == "exp001"
        assert diary.screen.editor.has_focus
        await diary.press("escape")
        assert not diary.screen.editor.display

    driven(logs, steps, "exp001", writing=True)


def test_writing_about_what_is_no_experiment_is_told(logs):
    async def steps(diary):
        assert diary.said.startswith("exp009: no such experiment")
        assert not diary.screen.editor.display

    driven(logs, steps, "exp009", writing=True)


def test_the_outline_is_beside_the_entry_where_there_is_room_and_in_its_place_where_not(logs):
    async def steps(diary):
        screen = diary.screen
        assert not screen.outline.display
        assert screen.page.has_focus
        await diary.press("t")
        assert (screen.outline.display, screen.query_one("#entry").display) == (True, False)
        await diary.press("up", "up", "enter")
        assert (screen.outline.display, screen.experiment) == (False, "exp002")
        assert screen.page.has_focus
        await diary.press("t", "escape")
        assert not screen.outline.display
        await diary.press("t", "n")
        assert screen.editor.has_focus
        assert screen.query_one("#entry").display
        await diary.press("escape")
        await diary.pilot.resize_terminal(120, 24)
        await diary.pilot.pause()
        assert screen.outline.display
        assert screen.query_one("#entry").display
        await diary.press("t")
        assert not screen.outline.display

    driven(logs, steps, size=(80, 24))


def test_words_outside_entries_are_shown_and_only_read(logs):
    path = logs / FILE
    path.write_text(f"# My diary\n\nhello\n\n{path.read_text()}")
    before = path.read_bytes()

    async def steps(diary):
        whole = {text for _, text in diary.screen.actions_now()}
        await diary.press("home")
        assert any("hello" in line for line in diary.lines())
        assert whole - {text for _, text in diary.screen.actions_now()} == {
            "Write below exp003, in words of your own",
            "Mark exp003 as better, worse, neither, or not at all",
            "Enter a leaderboard score of exp003",
        }
        await diary.press("n", "m", "l")
        assert not diary.screen.editor.display
        await diary.press("down")
        assert any("1970-01-1" in line for line in diary.lines()[1:4])

    driven(logs, steps)
    assert path.read_bytes() == before


def test_an_own_heading_brings_the_notes_into_view(logs):
    append_note(logs, find_experiment(logs, "exp003"), "word\n\n" * 30 + "## Far below")

    async def steps(diary):
        assert diary.screen.page.scroll_offset.y == 0
        await diary.press("end")
        assert diary.screen.outline.selected.title == "Far below"
        assert diary.screen.page.scroll_offset.y > 0

    driven(logs, steps)


@contextlib.contextmanager
def nothing_suspended():
    yield


def test_the_editor_opens_on_the_line_of_the_entry(logs, monkeypatch):
    script = logs / "nano"
    script.write_text(f'#!{sys.executable}\nimport sys; open(sys.argv[2], "a").write(" ".join(sys.argv[1:2]))\n')
    script.chmod(0o755)
    monkeypatch.setenv("EDITOR", str(script))
    monkeypatch.delenv("VISUAL", raising=False)
    line = (logs / FILE).read_text().split("\n").index(markers("exp003")[0]) + 1

    async def steps(diary):
        monkeypatch.setattr(diary.app, "suspend", nothing_suspended)
        await diary.press("o")
        assert diary.notes("exp003") == f"+{line}"
        assert any(f"+{line}" in shown for shown in diary.lines())

    driven(logs, steps)


def test_an_editor_that_cannot_be_opened_is_told(logs, monkeypatch):
    monkeypatch.setenv("VISUAL", "/nowhere/editor")

    async def steps(diary):
        await diary.press("o")
        assert diary.said.startswith("no editor can be opened here; the file is")
        monkeypatch.setattr(diary.app, "suspend", nothing_suspended)
        await diary.press("o")
        assert diary.said.startswith("/nowhere/editor: No such file or directory; set $EDITOR")

    driven(logs, steps)


def test_a_diary_that_cannot_be_written_is_told_and_the_note_stays(logs):
    async def steps(diary):
        await diary.press("n", "x")
        (logs / ".diary.lock").unlink()
        (logs / ".diary.lock").mkdir()
        await diary.press("ctrl+s")
        assert "cannot write the diary (Is a directory)" in diary.said
        assert diary.screen.editor.text == "x"
        (logs / ".diary.lock").rmdir()

    driven(logs, steps, size=(200, 40))


def test_hostile_words_reach_no_terminal(logs):
    path = logs / FILE
    path.write_text(f"{path.read_text()}\n\x1b]52;c;x\x07[/bold] \x9b31m\u202e\n\n## \x1b[31mred [/bold]\n", "utf-8")

    async def steps(diary):
        await diary.press("n")
        whole = "".join(diary.lines())
        assert "[/bold]" in whole
        assert not [character for character in whole if ord(character) < 32 or character in "\x9b\u202e"]

    driven(logs, steps)


def test_it_is_drawn_in_ascii(logs):
    append_note(logs, find_experiment(logs, "exp003"), "✅ mine")

    async def steps(diary):
        page = [line for line in diary.lines() if "exp003" in line or "mine" in line]
        assert any("exp003 . hill =" in line for line in page)
        assert any("+  mine" in line for line in page)

    driven(logs, steps, ascii=True)


def test_another_process_may_write_entries_all_the_while(logs):
    program = (
        "import sys; from pathlib import Path; from cockpit.diary.book import write_entry\n"
        "from cockpit.store.folder import experiments\n"
        "for _ in range(10):\n"
        "    for run in experiments(Path(sys.argv[1])): (run.path / 'scores.jsonl').open('a').write("
        "'{\"value\": 0.5}\\n'); write_entry(Path(sys.argv[1]), run)"
    )
    other = subprocess.Popen([sys.executable, "-c", program, logs], env=os.environ)

    async def steps(diary):
        await diary.press("n")
        await diary.type("one two three")
        await diary.press("ctrl+s")
        await diary.press("m")  # which would go into the note until that is saved

    driven(logs, steps)
    assert other.wait() == 0
    assert notes_of((logs / FILE).read_text(), "exp003") == "✅ one two three"
