"""The user's own editor: which command, and what happens when it fails."""

import os
import signal
import sys
from pathlib import Path

import pytest

from cockpit.tui.editor import EditorError, editor_command, run_editor

DIARY = Path("logs/diary.md")


@pytest.mark.parametrize(
    ("environment", "command"),
    [
        ({"EDITOR": "vim"}, ["vim", "+12", "logs/diary.md"]),
        ({"EDITOR": "/usr/bin/nano -w"}, ["/usr/bin/nano", "-w", "+12", "logs/diary.md"]),
        ({"EDITOR": "code --wait"}, ["code", "--wait", "logs/diary.md"]),
        ({"EDITOR": "vim", "VISUAL": "'my editor' x"}, ["my editor", "x", "logs/diary.md"]),
        ({"EDITOR": "", "VISUAL": "micro"}, ["micro", "+12", "logs/diary.md"]),
    ],
)
def test_the_editor_is_the_one_that_the_environment_names(environment, command):
    assert editor_command(DIARY, 12, environment) == command


def test_without_a_name_one_that_is_there_is_taken(tmp_path):
    environment = {"PATH": str(tmp_path)}
    with pytest.raises(EditorError, match=r"^no editor found; set \$EDITOR to the name of yours$"):
        editor_command(DIARY, 1, environment)
    for name in ("vi", "nano"):
        (tmp_path / name).touch(mode=0o755)
        assert editor_command(DIARY, 1, environment) == [name, "+1", "logs/diary.md"]


def test_a_name_that_cannot_be_read_is_told():
    with pytest.raises(EditorError, match=r'^\$EDITOR "vi \'x": No closing quotation$'):
        editor_command(DIARY, 1, {"EDITOR": "vi 'x"})


def test_an_editor_that_fails_is_told():
    with pytest.raises(EditorError, match=r"ended with exit code 3$"):
        run_editor([sys.executable, "-c", "raise SystemExit(3)"])
    with pytest.raises(EditorError, match=r"^/nowhere: No such file or directory; set \$EDITOR to the name of your"):
        run_editor(["/nowhere"])


def test_ctrl_c_is_for_the_editor_and_not_for_the_cockpit():
    before = signal.getsignal(signal.SIGINT)
    program = (
        "import os, signal\n"
        "assert signal.getsignal(signal.SIGINT) is signal.default_int_handler\n"  # it is not told to ignore it
        f"os.kill({os.getpid()}, signal.SIGINT)"
    )
    run_editor([sys.executable, "-c", program])
    assert signal.getsignal(signal.SIGINT) is before
