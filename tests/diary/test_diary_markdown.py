"""Text that may hold anything, as Markdown that shows it and does nothing else."""

import re

import pytest

from cockpit.diary.markdown import block, code, code_cell, escaped, table

HOSTILE = [
    "a | b",
    "`rm -rf`",
    "``` fence",
    "**bold** _it_ __x__ *y*",
    "[link](http://x) ![image](http://x)",
    "<script>alert(1)</script>",
    "<!-- cockpit:end exp001 -->",
    "first\nsecond\r\nthird\ttab",
    "\\| already \\` escaped",
    "~~struck~~ and ~struck~",
    "&lt;b&gt; &#60;",
    "\x1b[31mred\x1b[0m \u202eback",
    "trailing backslash \\",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_escaped_text_is_one_line_without_live_markup(text):
    found = escaped(text)
    assert "\n" not in found
    assert "\x1b" not in found
    bare = re.sub(r"\\[!-/:-@\[-`{-~]", "", found)  # what is left after every escaped character
    assert not re.search(r"[|`*\[\]\\]", bare)
    assert not re.search(r"<[A-Za-z/!?]", bare)
    assert not re.search(r"&#?\w+;", bare)
    assert bare.count("~") < 2
    assert not re.search(r"(?<!\w)_+\w|\w_+(?!\w)", bare)


@pytest.mark.parametrize(
    "text",
    ["row_f1 0.61 < 0.74 & more", "lr 1e-3 – 5e-4", "is a > b?", "±0.5 ~10 min", "C# or C++", "5. is not a list"],
)
def test_what_is_no_markup_reads_as_it_was_written(text):
    assert escaped(f"x {text}") == f"x {text}"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("# heading", "\\# heading"),
        ("### heading", "\\### heading"),
        ("#5 is no heading", "#5 is no heading"),
        ("- item", "\\- item"),
        ("-1 is a number", "-1 is a number"),
        ("+ item", "\\+ item"),
        ("> quote", "\\> quote"),
        (">quote", "\\>quote"),
        ("---", "\\---"),
        ("===", "\\==="),
        ("1. item", "1\\. item"),
        ("12) item", "12\\) item"),
        ("1.5 is a number", "1.5 is a number"),
        ("    code", "code"),
        ("\n\n# heading", "\\# heading"),
    ],
)
def test_a_line_begins_no_block(text, shown):
    assert escaped(text) == shown


@pytest.mark.parametrize("text", ["plain", "a`b", "``", "`a`", "a```b``c", "cockpit sweep 'x|y'", "a\nb", "\\"])
def test_code_is_fenced_by_more_backticks_than_it_holds(text):
    found = code(text)
    fence = re.match(r"`+", found)[0]
    inside = found[len(fence) : -len(fence)]
    assert found.endswith(fence)
    assert fence not in re.findall(r"`+", inside)
    assert "|" not in code_cell(text).replace("\\|", "")
    assert code_cell(text).replace("\\|", "|") == found
    assert "\n" not in found


def test_neither_code_nor_block_holds_a_marker():
    marker = "<!-- cockpit:begin exp001 -->"
    assert marker not in code(marker)
    assert marker not in "\n".join(block([marker]))


def test_a_block_cannot_be_ended_by_its_lines():
    lines = block(["[RESULT]: fine", "```", "`````", "# heading"])
    assert lines[0] == lines[-1] == "``````"
    assert lines[1] == "[RESULT]: fine"


def test_a_table_has_one_line_a_row_and_aligns_numbers_right():
    assert table(["trial", "score"], [["t000", "0.5"]], words=("trial",)) == [
        "| trial | score |",
        "| --- | ---: |",
        "| t000 | 0.5 |",
    ]
