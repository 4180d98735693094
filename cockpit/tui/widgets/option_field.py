"""A field with a label: a line of text, or one of a few words."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static

from cockpit.tui.launch.options import Option
from cockpit.tui.text import shown
from cockpit.tui.widgets.line_input import LineInput

LABEL = 8  # cells


class ChoiceInput(Widget, can_focus=True):
    """One of a few words; left, right, space and a click take another."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "turn(-1)", show=False, id="choice.before"),
        Binding("right,space", "turn(1)", show=False, id="choice.after"),
    ]
    DEFAULT_CSS = """
    ChoiceInput { height: 1; }
    ChoiceInput:focus { background-tint: $foreground 5%; }
    """

    class Changed(Message):
        """Another word."""

        def __init__(self, value: str) -> None:
            super().__init__()
            self.value = value

    def __init__(self, choices: tuple[str, ...]) -> None:
        super().__init__()
        self._choices = choices
        self._value = choices[0]

    def put(self, value: str) -> None:
        """Another word, that nobody is told of."""
        if value != self._value:
            self._value = value
            self.refresh()

    def action_turn(self, step: int) -> None:
        place = self._choices.index(self._value) + step
        self.put(self._choices[place % len(self._choices)])
        self.post_message(self.Changed(self._value))

    def on_click(self) -> None:
        self.action_turn(1)

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def render(self) -> Text:
        text = shown(self._value)
        return Text.assemble(("< ", "dim"), text, (" >", "dim")) if self.has_focus else text


class OptionField(Horizontal):
    """The field of one option; `-changed` and `-wrong` are its classes when it is so."""

    DEFAULT_CSS = f"""
    OptionField {{
        height: 1;
        & > .label {{ width: {LABEL}; color: $foreground-muted; }}
        & > LineInput, & > ChoiceInput {{ width: 1fr; background: $panel; }}
        &.-changed > .label, &.-changed > LineInput, &.-changed > ChoiceInput {{ color: $accent; }}
        &.-wrong > .label, &.-wrong > LineInput, &.-wrong > ChoiceInput {{ color: $error; text-style: bold; }}
    }}
    """

    class Changed(Message):
        """Another text in the field of an option."""

        def __init__(self, option: str, text: str) -> None:
            super().__init__()
            self.option, self.text = option, text

    def __init__(self, option: Option) -> None:
        super().__init__(id=f"option-{option.name}")
        self.option = option
        self._label = ""

    def compose(self) -> ComposeResult:
        yield Static(classes="label")
        if self.option.choices:
            yield ChoiceInput(self.option.choices)
        else:
            field = LineInput(select_on_focus=True)
            field.placeholder = self.option.when_empty
            yield field

    @property
    def field(self) -> LineInput | ChoiceInput:
        """What takes the keyboard."""
        return self.query_one(ChoiceInput) if self.option.choices else self.query_one(LineInput)

    def show(self, text: str, changed: bool, wrong: bool, placeholder: str = "") -> None:
        """What stands in the field; `placeholder` is for one that is empty."""
        self._set_label(f"{self.option.label}{'*' if changed else ''}")
        self.set_class(changed and not wrong, "-changed")
        self.set_class(wrong, "-wrong")
        field = self.field
        field.put(text)
        if isinstance(field, LineInput):
            field.placeholder = placeholder or self.option.when_empty

    def _set_label(self, label: str) -> None:
        if label != self._label:  # a new text has the whole screen laid out, also when it is the old one
            self._label = label
            self.query_one(".label", Static).update(shown(label))

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Changed(self.option.name, event.value))

    def on_choice_input_changed(self, event: ChoiceInput.Changed) -> None:
        event.stop()
        self.post_message(self.Changed(self.option.name, event.value))
