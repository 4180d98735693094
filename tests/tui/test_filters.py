"""What is changed in every line for terminals that cannot show colours, or ASCII only."""

import pytest
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from cockpit.tui.filters import AsciiOnly, Colorless, in_ascii
from cockpit.tui.glyphs import ASCII, UNICODE, glyphs_for

AROUND = Color.parse("#101010")


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("plain", "plain"),
        ("╭─ Trials ─╮", "+- Trials -+"),
        ("│ a…  ▌ 1 − 2", "| a~  | 1 - 2"),
        ("Δ base  ≤ 3", "d base  < 3"),
        ("← → ↑ ↓ ▲▼", "< > ^ v ^v"),
        ("✅ ❌ ➖ ⏳", "+  -  =  .."),
        ("漢字 🙂 é ⠋", "???? ?? ? ?"),
        ("z\u0301\u0301", "z"),
    ],
)
def test_every_character_becomes_ascii_of_its_width(text, plain):
    assert in_ascii(text) == plain
    assert cell_len(plain) == cell_len(text)


def test_every_glyph_of_the_screen_has_a_character_of_its_own():
    for status, glyph in UNICODE.status.items():
        assert glyph.isascii() or in_ascii(glyph) != "?", status
    assert AsciiOnly().apply([Segment("◆ x", Style(bold=True))], AROUND) == [Segment("B x", Style(bold=True))]


def test_no_colour_is_left_and_what_stood_out_is_in_reverse():
    segments = [
        Segment("title", Style(color="red", bgcolor="#101010", bold=True)),
        Segment("cursor", Style(color="white", bgcolor="#2c4a66")),
        Segment("tab", Style(color="white", bgcolor="#2c4a66", reverse=True)),
        Segment("bare"),
    ]
    assert Colorless().apply(segments, AROUND) == [
        Segment("title", Style(bold=True)),
        Segment("cursor", Style(reverse=True)),
        Segment("tab", Style(reverse=True)),
        Segment("bare"),
    ]


@pytest.mark.parametrize(("encoding", "glyphs"), [("UTF-8", UNICODE), ("ANSI_X3.4-1968", ASCII), ("ISO-8859-1", ASCII)])
def test_the_encoding_of_the_locale_chooses_the_glyphs(monkeypatch, encoding, glyphs):
    monkeypatch.setattr("locale.getencoding", lambda: encoding)
    assert glyphs_for(None) is glyphs
    assert glyphs_for(True) is ASCII
    assert glyphs_for(False) is UNICODE
