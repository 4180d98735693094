"""Where the output of engines and of trials goes."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from sweeping import descriptors

from cockpit.engine.output import into_log, unfailing


def test_everything_goes_to_the_log_but_the_terminal(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "engine.log"
    print("before")
    with into_log(log) as terminal:
        print("by print")
        print("on standard error", file=sys.stderr)
        os.write(1, b"below Python\n")
        os.write(2, b"error below Python\n")
        subprocess.run(["echo", "from a child"], check=True)
        print("for people", file=terminal)
    print("after")
    out, err = capfd.readouterr()
    assert (out, err) == ("before\nfor people\nafter\n", "")
    text = log.read_text()
    for words in ("by print", "on standard error", "below Python", "error below Python", "from a child"):
        assert words in text


def test_warnings_go_to_the_log(tmp_path: Path) -> None:
    code = (
        "import sys, warnings; from pathlib import Path; from cockpit.engine.output import into_log\n"
        "with into_log(Path(sys.argv[1])): warnings.warn('mind the gap')"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path / "engine.log"], capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (b"", b"")
    assert "UserWarning: mind the gap" in (tmp_path / "engine.log").read_text()


def test_streams_are_restored_after_an_exception(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    before = (sys.stdout, sys.stderr, descriptors(), list(warnings.filters))
    with pytest.raises(RuntimeError, match="engine"), into_log(tmp_path / "engine.log"):
        warnings.simplefilter("ignore")
        raise RuntimeError("engine")
    assert (sys.stdout, sys.stderr, descriptors(), list(warnings.filters)) == before
    os.write(1, b"out\n")
    os.write(2, b"err\n")
    assert capfd.readouterr() == ("out\n", "err\n")


def test_a_log_on_a_full_disk_does_not_swallow_the_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    before = descriptors()
    with pytest.raises(OSError, match="No space left"), into_log(Path("/dev/full")):
        print("nowhere to go")
    with into_log(Path("/dev/full")):
        sys.stdout.write("not flushed yet")
    print("here again")
    assert capfd.readouterr().out == "here again\n"
    assert descriptors() == before


def test_a_log_is_appended_to(tmp_path: Path) -> None:
    for _ in range(2):
        with into_log(tmp_path / "engine.log"):
            print("once more")
    assert (tmp_path / "engine.log").read_text() == "once more\n" * 2


def test_a_stream_of_a_trial_is_followed_line_by_line(tmp_path: Path) -> None:
    with (tmp_path / "output.log").open("wb") as file:
        stream = unfailing(file.fileno())
        stream.write("first\n")
        assert (tmp_path / "output.log").read_text() == "first\n"
        stream.write("second \ud800\n")
        assert (tmp_path / "output.log").read_text() == "first\nsecond \\ud800\n"
        stream.close()
        os.fstat(file.fileno())  # it is not the stream's to close


def test_a_stream_of_a_trial_drops_what_a_full_disk_refuses() -> None:
    with Path("/dev/full").open("wb", buffering=0) as file:
        stream = unfailing(file.fileno())
        for _ in range(1000):
            print("x" * 100, file=stream)
        stream.close()
