"""What is written of a frame makes the terminal show all of it, whatever stood there before."""

import random

import pyte
import pytest
from rich.color import ColorSystem
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import LayoutUpdate
from textual.geometry import Size
from textual.strip import Strip

from cockpit.tui.frame import Frame, Piece

SIZE = Size(24, 6)
TRUECOLOR = ColorSystem.TRUECOLOR
STYLES = (
    None,
    Style(),
    Style(bold=True),
    Style(color="#102030"),
    Style(color="#102030", bgcolor="#405060"),
    Style(bold=True, color="red"),
    Style(reverse=True, underline=True, bgcolor="#405060"),
    Style(italic=True),
)
TEXTS = ("plain words", "  ", "x", "漢字", "aé⠿█", "e\u0301 combined", "…│─", "✅ yes", "한", "1.2345")


class Terminal:
    """A frame and the terminal that it writes to."""

    def __init__(self, size=SIZE):
        self.size = size
        self.frame = Frame()
        self.clear()

    def clear(self):
        self.screen = pyte.Screen(*self.size)
        self._stream = pyte.Stream(self.screen)

    def write(self, pieces, system=TRUECOLOR):
        """Returns what was written."""
        sequence = self.frame.write(iter(pieces), self.size, system)
        self._stream.feed(sequence)
        return sequence

    @property
    def cells(self):
        """All that can be seen."""
        buffer = self.screen.buffer
        return [[buffer[y][x] for x in range(self.size.width)] for y in range(self.size.height)]


def whole(lines):
    return [Piece(y, 0, 0, line.cell_length, line) for y, line in enumerate(lines)]


def line(*parts, width=SIZE.width):
    """A line of texts, each with its style."""
    return Strip([Segment(text, style) for text, style in parts]).adjust_cell_length(width)


def some_line(generator):
    parts = [(generator.choice(TEXTS), generator.choice(STYLES)) for _ in range(generator.randint(0, 5))]
    return line(*parts)


@pytest.mark.parametrize("seed", range(40))
def test_a_screen_that_was_changed_looks_like_one_written_at_once(seed):
    generator = random.Random(seed)
    changed, lines = Terminal(), [line()] * SIZE.height
    for _ in range(15):
        for y in generator.sample(range(SIZE.height), generator.randint(1, SIZE.height)):
            lines[y] = some_line(generator)
        changed.write(whole(lines))
        fresh = Terminal()
        fresh.write(whole(lines))
        assert changed.cells == fresh.cells


@pytest.mark.parametrize("seed", range(20))
def test_what_is_written_is_what_textual_would_write(seed):
    lines = [some_line(random.Random(seed + 1000 * y)) for y in range(SIZE.height)]
    ours, textual = Terminal(), Terminal()
    ours.write(whole(lines))
    update = LayoutUpdate([[strip] for strip in lines], SIZE.region)
    textual._stream.feed(update.render_segments(Console(color_system="truecolor")))
    assert ours.cells == textual.cells


def test_the_same_again_writes_nothing():
    terminal = Terminal()
    assert terminal.write(whole([line(("same", STYLES[3]))]))
    assert terminal.write(whole([line(("same", STYLES[3]))])) == ""


def test_a_number_that_changes_is_all_that_is_written():
    terminal = Terminal()
    terminal.write(whole([line(("step 1299 of 5000", STYLES[3]))]))
    assert terminal.write(whole([line(("step 1300 of 5000", STYLES[3]))])) == "\x1b[1;7H\x1b[38;2;16;32;48m300\x1b[0m"


def test_far_apart_changes_are_written_each_for_itself():
    terminal = Terminal()
    terminal.write(whole([line(("a          b", None))]))
    assert terminal.write(whole([line(("A          B", None))])) == "\x1b[1;1HA\x1b[1;12HB"


def test_only_what_changes_of_a_look_is_said():
    terminal = Terminal()
    both = line(("ab", STYLES[4]), ("cd", STYLES[3]), ("ef", STYLES[5]), ("gh", STYLES[3]), width=8)
    assert terminal.write(whole([both])) == (
        "\x1b[1;1H\x1b[38;2;16;32;48;48;2;64;80;96mab\x1b[49mcd\x1b[1;31mef\x1b[0;38;2;16;32;48mgh\x1b[0m"
    )


def test_a_part_of_a_line_leaves_the_rest_alone():
    terminal = Terminal()
    terminal.write(whole([line(("left right", None))]))
    middle = Strip([Segment("LEFT RIGHT", None)])
    assert terminal.write([Piece(0, 0, 3, 6, middle)]) == "\x1b[1;4HT R"
    assert terminal.screen.display[0].startswith("lefT Right")


def test_half_of_a_wide_character_brings_the_other_half_along():
    terminal = Terminal()
    terminal.write(whole([line(("..........", None))]))
    wide = Strip([Segment("a漢b", None)])
    terminal.write([Piece(0, 4, 6, 7, wide)])
    assert terminal.screen.display[0].startswith(".....漢..")


def test_another_size_is_another_terminal():
    terminal = Terminal()
    terminal.write(whole([line(("same", None))]))
    terminal.size = Size(30, 6)
    assert "same" in terminal.write(whole([line(("same", None), width=30)]))


def test_after_something_else_has_written_all_is_written_again():
    terminal = Terminal()
    terminal.write(whole([line(("same", None))]))
    terminal.clear()
    terminal.frame.forget()
    terminal.write(whole([line(("same", None))]))
    assert terminal.screen.display[0].startswith("same")


def test_lines_and_columns_beyond_the_terminal_are_left_out():
    terminal = Terminal()
    terminal.write([Piece(99, 0, 0, 4, Strip([Segment("here", None)])), Piece(0, 22, 22, 26, Strip([Segment("edge")]))])
    assert terminal.screen.display[0].endswith("ed")


def test_colours_are_those_of_which_the_terminal_has_some():
    terminal = Terminal()
    coloured = line(("x", STYLES[4]), width=1)
    assert terminal.write(whole([coloured]), ColorSystem.EIGHT_BIT) == "\x1b[1;1H\x1b[38;5;17;48;5;59mx\x1b[0m"
