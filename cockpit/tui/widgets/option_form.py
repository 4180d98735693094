"""The fields beside the space of a search."""

from __future__ import annotations

import textwrap
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Input, Static

from cockpit.events.text import one_line
from cockpit.tui.launch.draft import Draft
from cockpit.tui.launch.options import EPOCHS, OPTIONS
from cockpit.tui.launch.problem import Problem
from cockpit.tui.text import shown_block
from cockpit.tui.widgets.option_field import OptionField

COLUMNS = 3  # of fields, where the form is not narrow but high
WIDE = ("note",)  # these take a whole line


class OptionForm(VerticalScroll, can_focus=False):
    """One field for each option, in lines of three or, with `set_narrow`, of one. A message stands below its field."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "neighbour(-1)", show=False, id="form.up"),
        Binding("down,enter", "neighbour(1)", show=False, id="form.down"),
    ]
    DEFAULT_CSS = f"""
    OptionForm {{
        layout: grid; grid-size: {COLUMNS}; grid-rows: auto; grid-gutter: 0 2; padding: 0 1; scrollbar-size-vertical: 1;
        & > #option-note, & > .message {{ column-span: {COLUMNS}; }}
        & > .message {{ color: $error; display: none; }}
        &.-narrow {{ grid-size: 1; }}
        &.-narrow > #option-note, &.-narrow > .message {{ column-span: 1; }}
    }}
    """

    def __init__(self, id: str, classes: str) -> None:
        super().__init__(id=id, classes=classes)
        self._problem: Problem | None = None

    def compose(self) -> ComposeResult:
        yield from (OptionField(option) for option in OPTIONS)
        yield Static(classes="message")

    def field(self, name: str) -> OptionField:
        return self.query_one(f"#option-{name}", OptionField)

    def set_narrow(self, narrow: bool) -> None:
        """Whether each field has a line of its own."""
        if narrow != self.has_class("-narrow"):
            self.set_class(narrow, "-narrow")
            self._say()

    def show(self, draft: Draft, problem: Problem | None) -> None:
        """The fields of a draft, with what is wrong in one of them below it."""
        wrong = problem.spot.option if problem and problem.spot else ""
        epochs = draft.parameter(EPOCHS)
        for option in OPTIONS:
            placeholder = "varies" if option.name == EPOCHS and epochs is not None and not epochs.is_fixed else ""
            changed = draft.is_option_changed(option.name)
            self.field(option.name).show(draft.option(option.name), changed, option.name == wrong, placeholder)
        before, self._problem = self._problem, problem if wrong else None
        if self._problem != before:
            self._say()

    def action_neighbour(self, step: int) -> None:
        """Go to the next field, or with -1 to the one before."""
        names = [option.name for option in OPTIONS]
        with_focus = [place for place, name in enumerate(names) if self.field(name).field.has_focus]
        place = with_focus[0] + step if with_focus else 0
        if 0 <= place < len(names):
            self.field(names[place]).field.focus()

    def on_resize(self) -> None:
        self._say()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_neighbour(1)

    def _say(self) -> None:
        message = self.query_one(".message", Static)
        message.display = self._problem is not None
        if self._problem is None or self._problem.spot is None:
            return
        lines = textwrap.wrap(one_line(self._problem.text), max(10, self.content_size.width))
        message.update(shown_block("\n".join(lines)))
        message.styles.max_height = len(lines)  # a grid measures it in the width of one field
        after = self.field(self._last_of_line(self._problem.spot.option))
        children = list(self.children)
        if children.index(message) != children.index(after) + 1:
            self.move_child(message, after=after)

    def _last_of_line(self, name: str) -> str:
        """The field below which there is room for a message on this one."""
        names = [option.name for option in OPTIONS]
        if self.has_class("-narrow") or name in WIDE:
            return name
        fields = [field for field in names if field not in WIDE]
        place = fields.index(name)
        return fields[min(place - place % COLUMNS + COLUMNS, len(fields)) - 1]
