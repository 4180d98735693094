"""Markdown of anybody as text on a screen."""

import random

import pytest
from rich.cells import cell_len
from rich.style import Style

from cockpit.events.text import safe_text
from cockpit.tui.widgets.safe_markdown import MOST_CHARACTERS, NARROWEST, rendered

COLOURS = {"heading": "#7aa2c8", "code": "#e0a458", "link": "color(4)", "faint": "default"}

ENTRY = r"""## exp012 · arcface ➖

Does a *smaller* margin help?

**change** swept `m` 0.1–0.5\
**score** row-F1 0.8613 (t017: m 0.3)

| trial | m | row-F1 | ended |
| --- | ---: | ---: | --- |
| **t017** | **0.3** | **0.8613** | finished |
| t004 | 0.5 | 0.6120 | asha rung 1: 0.6120 < 0.7415 (7th of 9) |

```
[RESULT]: Validation. Epoch: 1
```

1h 12m · `cockpit rerun exp012/t017`"""


def text_of(text, width=80, **options):
    return ["".join(part for part, _, _ in line).rstrip() for line in rendered(text, width, COLOURS, **options)]


def test_an_entry_reads_like_a_page():
    assert text_of(ENTRY) == [
        "exp012 · arcface ➖",
        "",
        "Does a smaller margin help?",
        "",
        "change swept m 0.1–0.5",
        "score row-F1 0.8613 (t017: m 0.3)",
        "",
        "trial    m  row-F1  ended",
        "─" * 59,
        "t017   0.3  0.8613  finished",
        "t004   0.5  0.6120  asha rung 1: 0.6120 < 0.7415 (7th of 9)",
        "",
        "  [RESULT]: Validation. Epoch: 1",
        "",
        "1h 12m · cockpit rerun exp012/t017",
    ]


@pytest.mark.parametrize("width", [30, 36, 44, 60])
def test_numbers_of_a_table_are_whole_where_it_is_narrow(width):
    lines = text_of(ENTRY, width)
    assert max(map(cell_len, lines)) <= width
    assert any(line.startswith("t004   0.5  0.6120  ") for line in lines)


def test_an_entry_for_terminals_that_show_ascii_only():
    lines = text_of(ENTRY, ascii_only=True)
    assert lines[0] == "exp012 . arcface ="
    assert all(line.isascii() for line in lines)
    assert [line.isascii() for line in text_of("- ⚠ ✅ → 5 ± 1\n\n> quote", ascii_only=True)] == [True] * 4


HOSTILE = [
    ("[x](javascript:alert(1))", "[x](javascript:alert(1))"),
    ("[bold] [/bold] [@click=app.quit]x[/]", "[bold] [/bold] [@click=app.quit]x[/]"),
    ("a <b>raw</b> <script>x</script>", "a <b>raw</b> <script>x</script>"),
    ("<div onclick='x'>", "<div onclick='x'>"),
    ("<!-- x -->", "<!-- x -->"),
    ("![curves](http://x/y.png)", "![curves](http://x/y.png)"),
    ("[![a](b)](http://z)", "![a](b) (http://z)"),
    ("[words](http://z)", "words (http://z)"),
    ("<http://z>", "http://z (http://z)"),
    ("\x1b]8;;http://z\x07words\x1b]8;;\x07 \x1b[31mred \x9b31m \u202eback", "words red  back"),
    ("&lt;b&gt; &#27;[31m &#x202e;back&#x200b;", "<b> \ufffd[31m back"),
    ("a\\*b", "a*b"),
]


@pytest.mark.parametrize(("text", "shown"), HOSTILE)
def test_nothing_is_a_link_or_markup_of_the_screen(text, shown):
    assert text_of(text) == [shown]
    assert text_of(f"| a |\n|---|\n| {text} |")[-1] == shown


def is_harmless(part, style):
    bare = style or Style()
    return bare.link is None and not bare.meta and safe_text(part) == part


PIECES = [text for text, _ in HOSTILE]
PIECES += ["> " * 12 + "deep", "- " * 30 + "deep", "1. " * 15 + "n", "```\ncode", "    indented", "***", "~~s~~", "#"]
PIECES += ["\\", "`", "[r]\n\n[r]: http://q\n", "|" * 50, "a  \nb", "字" * 20, "e\u0301" * 5, "999999999. x", "x" * 300]
PIECES += [
    "&#8238;&#x2028;&#x85;&#xd800;",
    "* a\n\n  > q\n  > | t |\n  > |---|\n  > | c |\n",
    "\t",
    "| a | b\n|-|:-:\n| c",
    "\r",
    "_",
    "**",
    "===",
]


@pytest.mark.parametrize("seed", range(150))
def test_any_text_is_shown_and_does_nothing(seed):
    dice = random.Random(seed)
    text = "".join(dice.choice(PIECES) + dice.choice(["", " ", "\n", "\n\n"]) for _ in range(dice.randint(1, 12)))
    for width in (1, 16, 40, 80):
        lines = rendered(text, width, COLOURS, ascii_only=seed % 2 == 0, keep_breaks=seed % 3 == 0)
        for line in lines:
            assert sum(cell_len(part) for part, _, _ in line) <= max(width, NARROWEST)
            assert [part for part, style, _ in line if not is_harmless(part, style)] == []


@pytest.mark.parametrize("text", ["> " * 30 + "deep", "- " * 30 + "deep", "1. " * 30 + "deep", "> - " * 15 + "deep"])
@pytest.mark.parametrize("width", [16, 40, 200])
def test_what_is_nested_too_deep_is_shown_as_it_was_written(text, width):
    lines = text_of(f"{text}\n\nafter", width)
    assert "".join(" ".join(lines).split()) == "".join(f"{text}after".split())


def test_line_breaks_are_kept_where_they_are_wanted():
    assert text_of("one\ntwo") == ["one two"]
    assert text_of("one\ntwo", keep_breaks=True) == ["one", "two"]


def test_a_text_without_end_is_cut_and_says_so():
    assert text_of("x\n\n" * MOST_CHARACTERS)[-1] == "… the rest is in the file"
    assert text_of("x\n\n")[-1] == "x"


def test_an_empty_text_has_no_lines():
    assert text_of("") == text_of("\n \n") == []
