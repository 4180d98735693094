"""Where the user writes his notes, in place below the entry."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import TextArea
from textual.widgets.text_area import Edit, EditResult

from cockpit.diary.notes import shown

HINT = "ctrl+s saves, esc leaves"
ASK = "changed: ctrl+s saves it, esc once more drops it"
MEANWHILE = "also changed elsewhere: what is new there stands at the end"


class NoteEditor(TextArea):
    """Edits one text, which comes in by `begin`. Before it drops a change it asks once, in its border."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "save", "Save", show=False),
        Binding("escape", "dismiss", "Leave", show=False),
    ]
    # The bar is always there: Textual looks for the cursor where it was when the bar goes together with its line.
    DEFAULT_CSS = """
    NoteEditor {
        overflow-y: scroll; scrollbar-size-vertical: 1;
        height: 1fr; padding: 0 1; border: round $border; background: $surface;
        border-title-color: $text; border-subtitle-color: $text-muted;
    }
    NoteEditor:focus { border: round $primary; }
    NoteEditor.asking { border: round $warning; border-subtitle-color: $warning; }
    """

    class Saved(Message):
        """The notes `before` are to become `after`."""

        def __init__(self, before: str, after: str) -> None:
            super().__init__()
            self.before = before
            self.after = after

    class Cancelled(Message):
        """Nothing is to be changed."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(soft_wrap=True, show_line_numbers=False, highlight_cursor_line=False, id=id)
        self.cursor_blink = False
        self._before = ""

    @property
    def is_changed(self) -> bool:
        """Whether there are words that are not saved."""
        return self.text != self._before

    @property
    def has_asked(self) -> bool:
        """Whether the user knows that leaving now drops the change."""
        return self.has_class("asking")

    def begin(self, notes: str, title: str) -> None:
        """Edit these notes, with the cursor behind them."""
        self._before = shown(notes)
        self.border_title = title
        self.load_text(self._before)
        self.move_cursor(self.document.end)
        self._say(HINT)

    def saved(self, notes: str) -> None:
        """The notes are these now; what was typed since then is still a change."""
        self._before = notes

    def rebase(self, notes: str) -> None:
        """Somebody else changed the notes to these: what is new in them is put below what stands here.

        So nothing gets lost by saving; what the other took away comes back.
        """
        theirs = shown(notes)
        if theirs == self._before:
            return
        news = _new_lines(self._before, theirs)
        was_changed, self._before = self.is_changed, theirs
        if not was_changed:
            self.load_text(theirs)
            self.move_cursor(self.document.end)
        elif news:
            cursor = self.selection
            self.insert("\n\n" + "\n".join(news) if self.text else "\n".join(news), self.document.end)
            self.selection = cursor
            self._say(MEANWHILE)

    def edit(self, edit: Edit) -> EditResult:
        """Every change comes through here, typed or pasted: what could steer a terminal stays outside."""
        edit.text = shown(edit.text)
        return super().edit(edit)

    def action_save(self) -> None:
        self.post_message(self.Saved(self._before, self.text))

    def action_dismiss(self) -> None:
        if self.is_changed and not self.has_asked:
            self._say(ASK, asking=True)
        else:
            self.post_message(self.Cancelled())

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        event.stop()
        if self.has_asked:
            self._say(HINT)

    def _say(self, text: str, asking: bool = False) -> None:
        self.set_class(asking, "asking")
        self.border_subtitle = text


def _new_lines(before: str, after: str) -> list[str]:
    """The lines of `after` that `before` does not have."""
    old, new = before.split("\n"), after.split("\n")
    changes = SequenceMatcher(None, old, new).get_opcodes()
    lines = [line for tag, _, _, start, end in changes if tag != "equal" for line in new[start:end]]
    return "\n".join(lines).strip("\n").split("\n") if any(line.strip() for line in lines) else []
