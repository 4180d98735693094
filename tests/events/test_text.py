"""Text from outside cannot steer a terminal."""

import random

import pytest

from cockpit.events.text import LONGEST_LINE, one_line, safe_text, shortened


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("plain text 0.5", "plain text 0.5"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]52;c;cGF5\x1b\\after", "after"),
        ("\x9b31mred", "red"),
        ("\x1bPdevice control\x1b\\x", "x"),
        ("bell\x07 back\x08 delete\x7f", "bell back delete"),
        ("tab\tand\nline", "tab\tand\nline"),
        ("\u202egnp.exe\u202c", "gnp.exe"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("10%\r50%\r100%", "100%"),
        ("10%\r50%\r", "50%"),
        ("windows\r\nline", "windows\nline"),
        ("[/bold] stays text", "[/bold] stays text"),
        ("e" + "\u0301" * 40, "e" + "\u0301" * 3),
        (b"caf\xc3\xa9 \xff", "café \\xff"),
        ("lone \ud800 half", "lone  half"),
        ("日本語 ✅", "日本語 ✅"),
    ],
)
def test_safe_text(raw, expected):
    assert safe_text(raw) == expected


def test_endless_lines_are_cut_each():
    cut = safe_text("x" * 10_000_000 + "\nshort")
    first, second = cut.split("\n")
    assert len(first) == LONGEST_LINE
    assert first.endswith("…")
    assert second == "short"


def test_random_bytes_never_leave_a_control_character_and_twice_is_once():
    generator = random.Random(0)
    for _ in range(2000):
        raw = bytes(generator.choice(b"\x1b[]();07m\x9b\x9d\xc2\xe2\x80\xae\r\n\tab\x07\\") for _ in range(30))
        for given in (raw, raw.decode("latin-1")):
            safe = safe_text(given)
            assert not [
                c
                for c in safe
                if (ord(c) < 32 and c not in "\n\t") or 127 <= ord(c) < 160 or 0x202A <= ord(c) <= 0x202E
            ]
            assert safe_text(safe) == safe


def test_one_line():
    assert one_line(" a\n\tb\x1b[1m  c ") == "a b c"


@pytest.mark.parametrize(
    ("name", "longest", "short"),
    [
        ("encoder.layer.11.output.dense", 29, "encoder.layer.11.output.dense"),
        ("encoder.layer.11.attention.self.query", 28, "enco.laye.11.atte.self.query"),
        ("encoder.layer.11.attention.self.query", 20, "en.la.11.att.sel.que"),
        ("encoder.layer.11.attention.self.query", 12, "encod….query"),
        ("a_name_of_one_part_that_is_long", 11, "a_nam…_long"),
        ("", 5, ""),
    ],
)
def test_names_of_layers_are_shortened_and_keep_their_numbers(name, longest, short):
    assert shortened(name, longest) == short
    assert len(short) <= longest
