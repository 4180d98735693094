"""The user's own editor."""

from __future__ import annotations

import shlex
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

# Those that take `+12` for a line.
_KNOW_LINES = {"vi", "vim", "nvim", "view", "nano", "emacs", "emacsclient", "micro", "kak", "joe", "mg", "ne", "jed"}


class EditorError(Exception):
    """There is no editor to open, or it did not work. One line, with what to do."""


def editor_command(path: Path, line: int, environment: Mapping[str, str]) -> list[str]:
    """The words that open `path` at a line: from $VISUAL, $EDITOR, or what is usually there. Raises `EditorError`."""
    text = environment.get("VISUAL") or environment.get("EDITOR") or ""
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise EditorError(f"$EDITOR {text!r}: {error}") from None
    if not words:
        words = [name for name in ("nano", "vi") if shutil.which(name, path=environment.get("PATH"))][:1]
    if not words:
        raise EditorError("no editor found; set $EDITOR to the name of yours")
    at = [f"+{line}"] if Path(words[0]).name in _KNOW_LINES else []
    return [*words, *at, str(path)]


def run_editor(command: Sequence[str]) -> None:
    """Run it in this terminal until it ends. Raises `EditorError`."""
    # Ctrl-C in there is for the editor. A function and not SIG_IGN, because the editor would inherit that.
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        code = subprocess.run(command, check=False).returncode
    except OSError as error:
        raise EditorError(f"{command[0]}: {error.strerror}; set $EDITOR to the name of your editor") from None
    finally:
        signal.signal(signal.SIGINT, before)
    if code != 0:
        raise EditorError(f"{command[0]} ended with exit code {code}")
