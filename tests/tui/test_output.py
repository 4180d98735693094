"""The last lines that a trial printed."""

from cockpit.tui.output import FIRST_BYTES, MOST_LINES, OutputTail


def test_a_file_that_is_not_there_has_no_lines(tmp_path):
    assert OutputTail(tmp_path / "output.log").lines() == ()


def test_new_lines_are_added_and_nothing_new_is_the_same_object(tmp_path):
    path = tmp_path / "output.log"
    path.write_text("one\ntwo\nthr")
    tail = OutputTail(path)
    assert tail.lines() == ("one", "two", "thr")
    assert tail.lines() is tail.lines()
    with path.open("a") as file:
        file.write("ee\nfour\n")
    assert tail.lines() == ("one", "two", "three", "four")


def test_only_the_end_of_a_long_file_is_read(tmp_path):
    path = tmp_path / "output.log"
    path.write_text("".join(f"line {number}\n" for number in range(FIRST_BYTES)))
    lines = OutputTail(path).lines()
    assert len(lines) == MOST_LINES
    assert lines[-1] == f"line {FIRST_BYTES - 1}"


def test_a_file_that_shrank_is_read_anew(tmp_path):
    path = tmp_path / "output.log"
    path.write_text("a long line of the first attempt\n")
    tail = OutputTail(path)
    tail.lines()
    path.write_text("new\n")
    assert tail.lines() == ("new",)


def test_lines_are_safe_and_progress_bars_keep_their_last_state(tmp_path):
    path = tmp_path / "output.log"
    path.write_bytes(b"\x1b[31mred\x1b[0m [/bold]\n10%\r50%\r100%\n\xff\xfe broken\n\x1b]52;c;eHh4\x07clip\n")
    assert OutputTail(path).lines() == ("red [/bold]", "100%", "\\xff\\xfe broken", "clip")


def test_a_cut_in_the_middle_of_a_line_is_not_shown(tmp_path):
    path = tmp_path / "output.log"
    path.write_bytes(b"x" * 10 + b"\n" + b"y" * FIRST_BYTES + b"\nlast\n")
    assert OutputTail(path).lines() == ("last",)


def test_secrets_are_not_shown(tmp_path):
    path = tmp_path / "output.log"
    path.write_text("HF_TOKEN=hf_c4n4ryC4N4RY0123456789\nTokens per Sec: 3\ntoken hf_c4n4ryC4N4RY0123456789")
    assert OutputTail(path).lines() == ("HF_TOKEN=[redacted]", "Tokens per Sec: 3", "token [redacted]")
