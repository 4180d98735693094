"""The searches that can be started, and the question of the one under the cursor."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Static

from cockpit.tui.glyphs import UNICODE, Glyphs
from cockpit.tui.launch.choices import Choice
from cockpit.tui.text import shown, shown_block
from cockpit.tui.widgets.columns import Cell, Column
from cockpit.tui.widgets.table import Table

COLUMNS = (
    Column("name", "search", right=False, priority=2),
    Column("question", "question", right=False, least=24, grow=True),
)
KEYS = " ?:/jkq"  # letters that do what they do elsewhere, as long as nothing has been typed
EMPTY = "no searches; write one into searches/"
DETAILED = 40  # columns; from there on the whole comment of a file is shown
NOTHING = "no search is called so;\nesc shows all"


class SearchList(Vertical):
    """Typing narrows the list down; the message that the cursor moved tells which search is meant."""

    DEFAULT_CSS = """
    SearchList {
        & > Table { height: 1fr; }
        & > .about { height: auto; max-height: 60%; padding: 0 1; color: $foreground-muted; }
    }
    """

    class Moved(Message):
        """The cursor is on another search; `name` is empty when there is none."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    class Opened(Message):
        """The search under the cursor was chosen."""

    def __init__(self, id: str, classes: str) -> None:
        super().__init__(id=id, classes=classes)
        self.glyphs: Glyphs = UNICODE
        self._choices: Sequence[Choice] = ()
        self._changed: Collection[str] = ()
        self._typed: str | None = None
        self._about = Text()

    def compose(self) -> ComposeResult:
        yield Table[Choice](COLUMNS, empty_text="reading searches")
        yield Static(classes="about")

    @property
    def table(self) -> Table[Choice]:
        return self.query_one(Table)

    def show(self, choices: Sequence[Choice], changed: Collection[str]) -> None:
        """These searches; `changed` are names of those that are no longer as in their files."""
        self._choices, self._changed = choices, changed
        self._draw()

    def clear_filter(self) -> bool:
        """Show all searches again; False when all are shown."""
        if self._typed is None:
            return False
        self._typed = None
        self._draw()
        return True

    def on_resize(self) -> None:
        self._tell_about()

    def on_key(self, event: events.Key) -> None:
        character = event.character if event.is_printable else None
        if event.key == "backspace" and self._typed is not None:
            self._typed = self._typed[:-1] or None
        elif character == "/" and self._typed is None:
            self._typed = ""
        elif character is not None and (self._typed is not None or character not in KEYS):
            self._typed = (self._typed or "") + character
        else:
            return
        event.stop()
        self._draw()

    def on_table_moved(self, event: Table.Moved) -> None:
        event.stop()
        self._tell_about()
        self.post_message(self.Moved(event.key or ""))

    def on_table_opened(self, event: Table.Opened) -> None:
        event.stop()
        self.clear_filter()
        self.post_message(self.Opened())

    def on_table_heading_pressed(self, event: Table.HeadingPressed) -> None:
        event.stop()  # one's own come first

    def _draw(self) -> None:
        self.table.ascii = self.glyphs.ascii
        wanted = (self._typed or "").lower()
        rows = [choice for choice in self._choices if wanted in f"{choice.name} {choice.question}".lower()]
        self.table.empty_text = NOTHING if self._choices else EMPTY
        self.table.show(rows, key=lambda choice: choice.name, cells=self._cells)
        self.border_subtitle = None if self._typed is None else shown(f"/{self._typed}")
        self._tell_about()

    def _cells(self, choice: Choice) -> Sequence[Cell]:
        if choice.draft is None:
            return Cell(f"{self.glyphs.status['failed']} {choice.name}", "$error"), Cell(choice.error, "$error")
        changed = choice.name in self._changed
        return Cell(f"{choice.name}{'*' if changed else ''}", "$accent" if changed else ""), Cell(choice.question)

    def _tell_about(self) -> None:
        """More of the search under the cursor: its question, and where there is room all that its file says first."""
        choice = next((choice for choice in self._choices if choice.name == self.table.cursor_key), None)
        words = Text()
        if choice is not None:
            has_room = self.size.width >= DETAILED
            first, *more = choice.about if has_room and choice.about else (choice.question,)
            words = shown_block(first.removeprefix("Question:").strip(), "not dim")
            for paragraph in more:
                words.append("\n\n").append_text(shown_block(paragraph))
            if has_room:
                words.append("\n\n").append_text(shown(choice.place, "dim"))
        if words != self._about:
            self._about = words
            self.query_one(".about", Static).update(words)
