"""The diary as sections and headings, whatever its user made of it."""

import random

import pytest
from builders import Recorder

from cockpit.diary.book import read, write_entry
from cockpit.diary.entries import find, markers, put
from cockpit.diary.notes import append_note, notes_of
from cockpit.diary.outline import Heading, outline, sections
from cockpit.store.folder import FolderError

DAY = "2026-11-20"


def entry(experiment="exp001", body="## exp001 · hill ➖\n\nWhy?"):
    begin, end = markers(experiment)
    return f"{begin}\n{body}\n{end}"


def titles(text):
    return [(heading.kind, heading.level, heading.title, heading.line, heading.experiment) for heading in outline(text)]


def test_an_empty_diary_has_no_parts():
    assert sections("") == sections("\n \n") == outline("") == []


def test_a_diary_of_days_entries_and_words():
    text = (
        f"# My diary\n\nhello\n\n# {DAY} rainy\n\nup early\n\n{entry()}\n\n❌ mine\n\n### Ideas ###\n\n"
        f"{entry('exp002', '## exp002 · other ✅')}\n\n# 2026-11-21\n"
    )
    found = sections(text)
    assert [(part.experiment, part.date, part.title, part.notes) for part in found] == [
        ("", "", "", "# My diary\n\nhello"),
        ("", DAY, f"{DAY} rainy", "up early"),
        ("exp001", DAY, "", "❌ mine\n\n### Ideas ###"),
        ("exp002", DAY, "", ""),
        ("", "2026-11-21", "2026-11-21", ""),
    ]
    assert [part.generated for part in found] == ["", "", "## exp001 · hill ➖\n\nWhy?", "## exp002 · other ✅", ""]
    lines = text.split("\n")
    assert [lines[part.line - 1] for part in found] == [
        "# My diary",
        f"# {DAY} rainy",
        markers("exp001")[0],
        markers("exp002")[0],
        "# 2026-11-21",
    ]
    assert lines[found[2].notes_line - 1] == "❌ mine"
    assert outline(text) == [
        Heading("words", 1, "My diary", "", "", 1, ""),
        Heading("date", 1, f"{DAY} rainy", "", "", 5, ""),
        Heading("experiment", 2, "exp001 · hill", "➖", "❌", 9, "exp001"),
        Heading("words", 3, "Ideas", "", "", 17, "exp001"),
        Heading("experiment", 2, "exp002 · other", "✅", "", 19, "exp002"),
        Heading("date", 1, "2026-11-21", "", "", 23, ""),
    ]


@pytest.mark.parametrize(
    ("heading", "title", "verdict"),
    [
        ("## exp001 · a\\_b\\* ⏳", "exp001 · a_b*", "⏳"),
        ("## exp001 · hill ⚠", "exp001 · hill", "⚠"),
        ("## exp001 · ✅ early", "exp001 · ✅ early", ""),
        ("no heading", "exp001", ""),
        ("", "exp001", ""),
        ("## \x1b[31mred\x1b[0m ➖", "red", "➖"),
    ],
)
def test_an_entry_is_called_as_its_heading_says(heading, title, verdict):
    (found,) = outline(entry(body=heading))
    assert (found.kind, found.title, found.verdict, found.experiment) == ("experiment", title, verdict, "exp001")


@pytest.mark.parametrize(
    ("notes", "expected"),
    [
        ("## one\n\n   # two\n\n#three\n\n    # four\n\n#\n", [(2, "one", 1), (1, "two", 3), (1, "", 9)]),
        ("```\n# code\n~~~\n# code\n```\n# words", [(1, "words", 6)]),
        ("~~~~ sh\n# code\n~~~\n# code\n~~~~~\n# words", [(1, "words", 6)]),
        ("``` sh\n# code", []),
        ("````\n# code\n``` \n# code", []),
        ("# a\r\n# b\r\n", [(1, "a", 1), (1, "b", 2)]),
        ("# a #b #  ", [(1, "a #b", 1)]),
    ],
)
def test_headings_in_code_are_none(notes, expected):
    assert [(heading.level, heading.title, heading.line) for heading in outline(notes)] == expected


def test_damaged_markers_are_shown_as_words():
    begin, end = markers("exp001")
    found = sections(f"{entry('exp002')}\nmine\n{begin}\nlost\n{entry('exp003')}\n{begin}\n{end}\n{end}\nmore\n")
    assert [(part.experiment, part.notes) for part in found] == [
        ("exp002", "mine"),
        ("", f"{begin}\nlost"),
        ("exp003", ""),
        ("", f"{begin}\n{end}\n{end}\nmore"),
    ]


PIECES = [
    "mine\n",
    "\n",
    "# 2026-11-20\n",
    "# 2026-11-21 x\n",
    "## words\n",
    "```\n",
    "    code\n",
    "é\udcff\r\n",
    "\r",
]
PIECES += [f"{marker}\n" for experiment in ("exp001", "exp002", "exp003") for marker in markers(experiment)]
PIECES += [
    "\r",
    f"{entry('exp004')}\n",
    f"{entry('exp005')} \r\n",
    "\ufeff# 2026-11-22\n",
    f"x {markers('exp001')[0]}\n",
]


@pytest.mark.parametrize("seed", range(300))
def test_sections_hold_every_line_and_the_notes_that_can_be_changed(seed):
    dice = random.Random(seed)
    text = "".join(dice.choice(PIECES) for _ in range(dice.randint(0, 25)))
    found = sections(text)
    for part in found:
        if part.experiment:
            assert part.notes == notes_of(text, part.experiment)
    for experiment in ("exp001", "exp002", "exp003", "exp004", "exp005"):
        try:
            place = find(text, experiment)
        except FolderError:
            place = None
        listed = [part for part in found if part.experiment == experiment]
        # One entry inside another belongs to the outer one.
        assert len(listed) == (place is not None) or any(
            outer.experiment and markers(experiment)[0] in outer.generated for outer in found
        )
    told = [line for part in found for line in (part.title, *part.generated.split("\n"), *part.notes.split("\n"))]
    known = {line.strip() for line in told}
    for line in filter(str.strip, text.split("\n")):
        bare = line.lstrip("\ufeff# ").strip()
        assert line.strip() in known or bare in known or line.startswith("<!-- cockpit:"), line
    assert [part.line for part in found] == sorted(part.line for part in found)


def test_a_real_diary(tmp_path):
    for number in (1, 2):
        run = Recorder(tmp_path, f"exp00{number}-hill").trial(0, [0.5]).trial(1, [0.75]).end()
        write_entry(tmp_path, run)
        append_note(tmp_path, run, "✅ good\n\n## Next")
    text = read(tmp_path)
    kinds = [(heading.kind, heading.title, heading.verdict, heading.mark) for heading in outline(text)]
    assert [kind[0] for kind in kinds] == ["date", "experiment", "words", "experiment", "words"]
    assert kinds[1:3] == [("experiment", "exp001 · hill", "➖", "✅"), ("words", "Next", "", "")]
    assert put(text, "exp001", sections(text)[1].generated, DAY) == text
