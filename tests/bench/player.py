"""A process that works when it is its turn, as its parent sees it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

from .child import ROOT, ChildFailedError, environment


class Player:
    """It says once that it is ready, then answers each turn, with a line of JSON on its standard output each time."""

    def __init__(self, command: Sequence[str], folder: Path) -> None:
        """Start it, with `folder`, which exists, for a home."""
        self._errors = folder / "stderr.log"
        with self._errors.open("wb") as errors:
            self._process = subprocess.Popen(
                command,
                bufsize=0,  # a turn that nobody takes any more is not kept either
                cwd=ROOT,
                env=environment(folder),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
            )

    def ready(self) -> None:
        """Return when it is. Raises `ChildFailedError` where it ends before."""
        self._answer("ready")

    def turn(self) -> dict[str, float]:
        """Let it work, and return what it answers, with `wall` and `cpu` at least. Raises `ChildFailedError`."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(b"go\n")
        except BrokenPipeError:
            raise ChildFailedError(self._ending()) from None
        return self._answer("wall", "cpu")

    def close(self) -> None:
        """Kill it: nothing that it would do at its end is worth a wait."""
        with self._process:
            self._process.kill()

    def _answer(self, *names: str) -> dict[str, float]:
        """What it says, these among it.

        Raises `ChildFailedError` with the last line of its traceback, with how it ended or with what it said.
        """
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise ChildFailedError(self._ending())
        try:
            found = json.loads(line)
            return {name: float(found[name]) for name in [*names, *found]}
        except (ValueError, TypeError, KeyError):
            raise ChildFailedError(f"no answer: {line.decode(errors='replace').strip()}") from None

    def _ending(self) -> str:
        lines = self._errors.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return lines[-1] if lines else f"exit code {self._process.wait()}"
