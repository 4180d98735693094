"""How long it takes from the command to the first paint, and until 20 charts of a long trial are complete.

The peer is W&B LEET, showing an offline run with the same values in a terminal of the same size.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from statistics import median

from cockpit.events.codec import encode
from cockpit.events.kinds import SweepEnded, TrialEnded
from cockpit.store.indexer import Indexer

from .index import METRICS, TRIAL, write_run
from .pty_program import PtyProgram, running, screens
from .table import NOT_AVAILABLE, NOT_INSTALLED, Row, at_most, seconds

SIZE = (200, 60)
STEPS, QUICK_STEPS = 50_000, 5_000
FIRST_PAINT_SECONDS, COMPLETE_SECONDS = 0.6, 1.0
COCKPIT = (sys.executable, "-P", "-m", "cockpit")
BRAILLE = range(0x2801, 0x2900)

WRITE_PEER = f"""
import random, wandb
run = wandb.init(project="bench", settings=wandb.Settings(x_disable_stats=True, console="off", disable_git=True))
generator = random.Random(0)
for step in range({{steps}}):
    run.log({{{{name: generator.random() for name in {METRICS!r}}}}}, step=step)
run.finish()
"""


def rows(quick: bool) -> list[Row]:
    steps, rounds = (QUICK_STEPS, 3) if quick else (STEPS, 7)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        logs = Path(folder) / "logs"
        _write(logs, steps)
        ours = [_start((*COCKPIT, "open", f"exp001/{TRIAL}", "--logs", str(logs)), folder) for _ in range(rounds)]
        peer = _peer(Path(folder), steps, 1 if quick else 3)
    first, complete = (median(found) for found in zip(*ours, strict=True))
    size = f"20 charts of {steps:,} steps"
    return [
        at_most(f"first paint, {size}", first, FIRST_PAINT_SECONDS),
        at_most(f"all {size} complete", complete, COMPLETE_SECONDS),
        *peer_rows(size, first, complete, peer),
    ]


def peer_rows(size: str, first: float, complete: float, peer: tuple[float, float] | str) -> list[Row]:
    names = (f"first paint against LEET, {size}", f"complete against LEET, {size}")
    if isinstance(peer, str):
        return [Row(name, peer=peer) for name in names]
    return [
        Row(name, seconds(ours), seconds(theirs), ours / theirs)
        for name, ours, theirs in zip(names, (first, complete), peer, strict=True)
    ]


def _write(logs: Path, steps: int) -> None:
    run = write_run(logs / "exp001-bench", steps)
    with run.sweep.open("ab") as file:
        file.write(encode(TrialEnded(trial=TRIAL, status="finished", at=1.0)))
        file.write(encode(SweepEnded(status="finished", at=1.0)))
    with Indexer(run) as indexer:
        indexer.sync()


def _start(command: Sequence[str], folder: str) -> tuple[float, float]:
    """Seconds until something stood on the screen, and until it was as it stayed."""
    with running(command, SIZE, own_home(folder)) as program:
        program.wait_until_quiet(1.5)
        return painted(program)


def painted(program: PtyProgram) -> tuple[float, float]:
    """The same of a program that has been watched: charts are complete when none of their dots changes any more.

    Raises `ValueError` where there are fewer than 20 of them.
    """
    shown = [(at - program.began, list(replay.lines)) for at, replay in screens(program)]
    text = "\n".join(shown[-1][1])
    if missing := [name for name in METRICS if name not in text]:
        raise ValueError(f"{len(missing)} of {len(METRICS)} charts are not on the screen")
    first = next(at for at, lines in shown if any(line.strip() for line in lines))
    return first, next(at for at, lines in shown if _dots(lines) == _dots(shown[-1][1]))


def _dots(lines: Sequence[str]) -> list[str]:
    return ["".join(character if ord(character) in BRAILLE else " " for character in line) for line in lines]


def own_home(folder: str) -> dict[str, str]:
    """An environment in which no settings and caches of whoever measures count."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("COCKPIT_", "WANDB_", "TMUX"))}
    places = ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME")
    return {
        **kept,
        **dict.fromkeys(places, folder),
        "WANDB_MODE": "offline",
        "WANDB_DIR": folder,
        "WANDB_SILENT": "true",
    }


def _peer(folder: Path, steps: int, rounds: int) -> tuple[float, float] | str:
    """LEET's first paint and when its charts were complete; in words why there is none."""
    if find_spec("wandb") is None:
        return NOT_INSTALLED
    home = own_home(str(folder))
    try:
        subprocess.run(
            [sys.executable, "-c", WRITE_PEER.format(steps=steps)], env=home, check=True, capture_output=True
        )
        (path,) = (folder / "wandb").glob("offline-run-*")
        _use_grid_of_twenty(folder)
        program = Path(sys.executable).with_name("wandb")
        found = [_start((str(program), "leet", "run", str(path)), str(folder)) for _ in range(rounds)]
    except (subprocess.CalledProcessError, TimeoutError, ValueError, StopIteration) as error:
        return f"{NOT_AVAILABLE}: {str(error).splitlines()[0][:60]}"
    first, complete = (median(each) for each in zip(*found, strict=True))
    return first, complete


def _use_grid_of_twenty(home: Path) -> None:
    """All charts on one page, and nothing beside them."""
    path = home / "wandb" / "wandb-leet.json"
    path.parent.mkdir(exist_ok=True)
    hidden = ("left_sidebar_visible", "right_sidebar_visible", "console_logs_visible")
    path.write_text(json.dumps({"metrics_grid": {"rows": 5, "cols": 4}, **dict.fromkeys(hidden, False)}))
