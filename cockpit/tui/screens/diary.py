"""The diary: one entry at a time with the user's own words below it, and an outline of all."""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Iterator

from rich.text import Text
from textual import events
from textual.app import SuspendNotSupported
from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from cockpit.diary.book import read, write_entry
from cockpit.diary.entries import FILE
from cockpit.diary.markdown import escaped
from cockpit.diary.notes import MARKS, mark_notes, mark_of, replace_notes
from cockpit.diary.outline import Section, headings, sections
from cockpit.store.folder import RunFolder
from cockpit.store.scores import score_text
from cockpit.store.summary import add_score
from cockpit.tui.actions import DIARY, Action, actions_of, bindings
from cockpit.tui.diary_desk import Change, DiaryDesk, Outcome
from cockpit.tui.editor import EditorError, editor_command, run_editor
from cockpit.tui.interest import Interest
from cockpit.tui.screens.base import CockpitScreen
from cockpit.tui.snapshot import Snapshot
from cockpit.tui.text import shown
from cockpit.tui.widgets.diary_page import DiaryPage
from cockpit.tui.widgets.note_editor import NoteEditor
from cockpit.tui.widgets.outline_list import OutlineList

WIDE = 100  # columns from which the outline is beside the entry without being asked for
EMPTY = "No entries yet: a sweep writes one when it starts, and again when it ends."


class DiaryScreen(CockpitScreen):
    """Opens on an experiment, called by its id, or on the newest entry; `writing` begins a note at once."""

    place = DIARY
    CSS_PATH = "diary.tcss"
    BINDINGS = bindings(actions_of(DIARY))
    help_text = (
        "logs/diary.md, one entry at a time. What stands between its markers is generated; what you write below an "
        "entry is yours and is kept byte for byte. Left and right turn to the entry before and after."
    )

    def __init__(self, experiment: str = "", writing: bool = False) -> None:
        super().__init__()
        self._wanted = experiment
        self._write_in = experiment if writing else ""
        self._editing = ""
        self._outline_wanted: bool | None = None
        self._received: str | None = None
        self._sections: list[Section] = []
        self._changes = 0  # that are under way
        self._marks: dict[str, str] = {}  # that they will have set

    def body(self) -> Iterator[Widget]:
        ascii_only = self.cockpit.glyphs.ascii
        with Horizontal(id="diary"):
            with Vertical(id="entry"):
                page = DiaryPage(ascii=ascii_only)
                page.add_class("pane")
                yield page
                yield NoteEditor()
            outline = OutlineList(ascii=ascii_only)
            outline.add_class("pane")
            yield outline

    def on_mount(self) -> None:
        self._desk = DiaryDesk(self.cockpit.feed.logs)
        self.editor.display = False
        self.outline.border_title = "Diary"
        self._place_outline()
        self._focus_what_moves()
        if self._write_in:
            self._change(Change(self._write_in, do=lambda run: None))  # so that there is an entry to write below

    def on_resize(self, event: events.Resize) -> None:
        self._place_outline()

    @property
    def page(self) -> DiaryPage:
        return self.query_one(DiaryPage)

    @property
    def editor(self) -> NoteEditor:
        return self.query_one(NoteEditor)

    @property
    def outline(self) -> OutlineList:
        return self.query_one(OutlineList)

    @property
    def section(self) -> Section | None:
        """The part of the diary that is shown."""
        heading = self.outline.selected
        if not self._sections:
            return None
        line = heading.line if heading else self._sections[-1].line
        return self._sections[max(0, bisect_right(self._sections, line, key=lambda section: section.line) - 1)]

    @property
    def experiment(self) -> str:
        """The id of the entry that is shown; empty outside entries."""
        return self.section.experiment if self.section else ""

    def interest(self) -> Interest:
        return Interest(diary=True)

    def show(self, snapshot: Snapshot) -> None:
        if snapshot.diary is not None and snapshot.diary is not self._received:
            self._received = snapshot.diary
            self._take(snapshot.diary)

    def header(self, snapshot: Snapshot) -> Text:
        return shown("Diary", "bold").append("  ").append_text(shown(self.experiment, "not bold"))

    def fits(self, action: Action) -> str:
        name = self.experiment
        if action.name in ("write_note", "verdict", "score"):
            if not name or (self._editing and action.name == "verdict"):
                return ""
            return {
                "write_note": f"Write below {name}, in words of your own",
                "verdict": f"Mark {name} as better, worse, neither, or not at all",
                "score": f"Enter a leaderboard score of {name}",
            }[action.name]
        if action.name == "outline":
            return f"{'Hide' if self.outline.display else 'Show'} the list of entries"
        if action.name == "open_editor" and not self._sections:
            return ""
        return action.text

    def step_back(self) -> bool:
        if self._editing:
            self.editor.focus()
            self.editor.action_dismiss()
            return True
        if self._outline_wanted and not self._is_wide:
            self.action_outline()
            return True
        return False

    def action_leave(self) -> None:
        if self._editing and self.editor.is_changed and not self.editor.has_asked:
            self.step_back()
        else:
            super().action_leave()

    # What comes in, and what is shown of it

    def _take(self, text: str) -> None:
        """The diary is this text now."""
        is_first = not self._sections
        self._sections = sections(text)
        self.outline.show_headings([heading for section in self._sections for heading in headings(section)])
        if is_first and not self.outline.select(self._wanted):
            self.outline.select_last_entry()
            if self._wanted and not self._write_in:
                self.cockpit.say(f"{self._wanted} has no entry in the diary")
        if self._write_in and self.outline.select(self._write_in):
            self._write_in = ""
            self.action_write_note()
        if self._editing:
            self._rebase()
        self._draw()

    def _rebase(self) -> None:
        """The note that is being written was perhaps changed elsewhere."""
        found = [section for section in self._sections if section.experiment == self._editing]
        if found:
            self.outline.select(self._editing)
            self.editor.rebase(found[0].notes)

    def _draw(self) -> None:
        section = self.section
        if section is None:
            self.page.show("", "", "", EMPTY)
            return
        generated = section.generated or (f"# {escaped(section.title)}" if section.title else "")
        name = section.experiment or str(section.line)
        if self._editing:
            self.page.show(name, generated, "")
        else:
            hint = f"No note yet; {escaped(self._key('write_note'))} writes one here." if section.experiment else ""
            self.page.show(name, generated, section.notes, hint)
        self.page.border_title = section.date
        if self.cockpit.snapshot is not None:
            self._draw_lines(self.cockpit.snapshot)

    def on_outline_list_selected(self, event: OutlineList.Selected) -> None:
        if self._editing and event.experiment != self._editing:
            self.outline.select(self._editing)
            self.cockpit.say(f"the note on {self._editing} is open: save or leave it first")
            return
        self._draw()
        if event.heading.kind == "words" and event.experiment:
            self.page.scroll_to_notes()

    def on_table_opened(self, event: OutlineList.Opened) -> None:
        if not self._is_wide:
            self._outline_wanted = None
            self._place_outline()
        self.page.focus()

    def on_diary_page_turned(self, event: DiaryPage.Turned) -> None:
        self.outline.select_neighbour(event.step)

    # What is asked for

    def action_write_note(self) -> None:
        section = self.section
        if section is not None and not self._editing:
            self._editing = section.experiment
            self.editor.begin(section.notes, f"your note on {section.experiment}")
            self.editor.display = True
            if not self._is_wide:
                self._outline_wanted = None
                self._place_outline()
            self._draw()
            self.call_after_refresh(self.page.scroll_end, animate=False)
        self.editor.focus()

    def on_note_editor_saved(self, event: NoteEditor.Saved) -> None:
        logs = self.cockpit.feed.logs

        def saved() -> None:
            self.editor.saved(event.after)
            if not self.editor.is_changed:
                self._stop_editing()

        self._change(
            Change(
                self._editing,
                do=lambda run: replace_notes(logs, run, event.before, event.after),
                done=f"your note on {self._editing} is in the diary",
                then=saved,
            )
        )

    def on_note_editor_cancelled(self) -> None:
        self._stop_editing()

    def action_verdict(self) -> None:
        section = self.section
        if section is None:
            return
        cycle = ("", *MARKS)
        present = self._marks.get(section.experiment, mark_of(section.notes))
        mark = cycle[(cycle.index(present) + 1) % len(cycle)]
        self._marks[section.experiment] = mark
        logs = self.cockpit.feed.logs
        self._change(Change(section.experiment, do=lambda run: mark_notes(logs, run, mark)))

    def action_score(self) -> None:
        self._ask_for_score(self.experiment, "")

    def _ask_for_score(self, experiment: str, typed: str, why: str = "") -> None:
        label = f"{why}leaderboard score of {experiment}, or private and the score:"
        self.bottom.prompt(label, typed, lambda text: self._enter_score(experiment, text))

    def _enter_score(self, experiment: str, text: str) -> None:
        words = text.split()
        private = "private" in words
        try:
            (value,) = (float(word) for word in words if word != "private")
        except ValueError:
            if words:
                self._ask_for_score(experiment, text, "not a number; ")
            return
        logs = self.cockpit.feed.logs

        def enter(run: RunFolder) -> None:
            add_score(run, value, private)
            write_entry(logs, run)

        name = "private LB" if private else "LB"
        self._change(Change(experiment, do=enter, done=f"{experiment}: {name} {score_text(value)} is in the diary"))

    def action_open_editor(self) -> None:
        logs, section = self.cockpit.feed.logs, self.section
        try:
            command = editor_command(logs / FILE, section.line if section else 1, os.environ)
            with self.app.suspend():
                run_editor(command)
        except SuspendNotSupported:
            self.cockpit.say(f"no editor can be opened here; the file is {logs / FILE}", "warning")
        except EditorError as error:
            self.cockpit.say(str(error), "error")
        self._take(read(logs))

    def action_outline(self) -> None:
        self._outline_wanted = not self.outline.display
        self._place_outline()
        self._focus_what_moves()

    # How it is done

    def _change(self, change: Change) -> None:
        """Have something written, outside this thread."""
        self._changes += 1
        self._desk.take(change)
        app = self.cockpit
        app.run_in_thread(lambda: app.call_from_thread(self._changed, self._desk.work()))

    def _changed(self, outcome: Outcome) -> None:
        self._changes -= 1
        if not self._changes:
            self._marks.clear()
        if outcome.refused:
            self._wanted = self._write_in = ""
            self.cockpit.say(outcome.refused, "error")
        elif outcome.change.done:
            self.cockpit.say(outcome.change.done, "good")
        if not self.is_attached:
            return
        if outcome.change.then is not None and not outcome.refused:
            outcome.change.then()
        self._take(outcome.text)

    def _stop_editing(self) -> None:
        self._editing = ""
        self.editor.display = False
        self._focus_what_moves()
        self._draw()

    @property
    def _is_wide(self) -> bool:
        return self.size.width >= WIDE

    def _place_outline(self) -> None:
        """Beside the entry, or in its place where there is no room for both."""
        wanted = self._is_wide if self._outline_wanted is None else self._outline_wanted
        self.outline.display = wanted
        self.query_one("#entry").display = self._is_wide or not wanted

    def _focus_what_moves(self) -> None:
        (self.outline if self.outline.display else self.page).focus()

    def _key(self, name: str) -> str:
        return next(self.cockpit.key_of(action) for action in actions_of(DIARY) if action.name == name)
