"""Neither secrets nor escape sequences come through in any item, and no text makes the importer fail or hang."""

import random

import pytest
from events.test_redaction import MARK, SECRETS, VALUES
from importers.test_importers_notes_dated import DIARY
from importers.test_importers_notes_kinds import ANEW, HEADED, LATER, TICKED

from cockpit.importers.contract import NO
from cockpit.importers.notes import IMPORTER
from cockpit.importers.registry import open_source

SAMPLES = {"versions": LATER, "dated": DIARY, "ticked": TICKED, "headed": HEADED, "anew": ANEW}


def items(path):
    return list(IMPORTER.read(open_source(path)))


@pytest.mark.parametrize("secret", SECRETS)
def test_no_secret_comes_through(tmp_path, secret):
    pasted = SECRETS[secret][0]
    for name, text in SAMPLES.items():
        path = tmp_path / f"{name}.md"
        lines = text.split("\n")
        path.write_text("\n".join([*lines[:6], pasted, *lines[6:], "", pasted, "", "```", "loss: 0.5", pasted, "```"]))
        told = repr(items(path))
        assert not any(value in told for value in VALUES)
        assert MARK in told


@pytest.mark.parametrize(
    "pasted",
    [
        "ka\\_sessionid=c4n4ry0123456789",
        "**cookie**: a=c4n4ry0123456789",
        "api\\_key = c4n4ry0123456789",
        "hf\\_c4n4ry0123456789abcdefgh",
    ],
)
def test_markdown_around_a_secret_does_not_hide_it(tmp_path, pasted):
    path = tmp_path / "notes.md"
    path.write_text(f"## V1\n{pasted}\n**score** 0.9\n\n* {pasted}\n")
    assert "c4n4ry" not in repr(items(path))


def test_no_escape_sequence_comes_through(tmp_path):
    path = tmp_path / "notes.md"
    path.write_text(LATER.replace("\n", "\x1b]52;c;aGVsbG8=\x07\u202e\x1b[31m\r\n"))
    told = repr(items(path))
    assert "aGVsbG8" not in told and "\\x1b" not in told and "\\u202e" not in told and "0.941" in told


def test_damaged_notes_are_read_as_far_as_they_go(tmp_path):
    chance, path = random.Random(7), tmp_path / "notes.md"
    pieces = [
        b"```", b"# ", b"## V", b"* exp0", b"[", b"0.", b"\xff\xfe", b"\r", b"-> CV: ", b"~~~", b"(" * 40, b"9" * 400,
        "、０".encode(), b"**", b"1e999", b" - ", b"    ", b"+", b"V22+", b"th=", b"\xe2\x9c\x85",
    ]  # fmt: skip
    for text in SAMPLES.values():
        for _ in range(60):
            data = bytearray(text.encode())
            for _ in range(chance.randrange(1, 30)):
                at = chance.randrange(len(data))
                data[at : at + chance.randrange(4)] = chance.choice(pieces)
            path.write_bytes(data)
            source = open_source(path)
            assert 0 <= IMPORTER.fit(source) <= 100
            items(path)


@pytest.mark.parametrize(
    "line",
    [
        "* exp001: " + "cv " * 2000, "* exp001 " + "[1, " * 2000,
        "* exp001 bs [" + "1," * 2000 + "] -> CV: " + "0.85 - " * 2000,
        "## V1 " + "+V2" * 2000, "V1" + "+V2" * 2000, "* exp001 " + "0." * 4000, "**score** " + "9" * 9000,
        "* exp001 th=" + "0.5/" * 3000, "✅ " + "-" * 9000, "x = " + "(" * 5000, "*" * 9000, "# " + "#" * 9000,
        "public " * 2000 + "1", "aux " * 3000, "merged with " * 1000, "smooth " * 3000, "\\_" * 4000,
    ],
    ids=lambda line: line[:12],
)  # fmt: skip
def test_long_lines_end_no_search_in_circles(tmp_path, line):
    path = tmp_path / "notes.md"
    path.write_text("\n".join(["# 2021/4/12", "* exp001: CV 0.85", "## V1", "**score** 0.9", line, line, ""]))
    assert IMPORTER.fit(open_source(path)) > NO
    assert items(path)
