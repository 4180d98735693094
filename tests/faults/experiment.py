"""A small sweep in a world of its own: its folder, its temporary files, and commands that look at it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from functools import cached_property
from io import StringIO
from itertools import islice
from pathlib import Path
from typing import Any

from cockpit.cli.main import run
from cockpit.search import sampling
from cockpit.search.reader import load
from cockpit.store.folder import RunFolder
from trainers import registry
from trainers.contract import Eval, Step
from trainers.devices.select import select_for

from .processes import kill_all, marked, send, wait_until

ROOT = Path(__file__).parents[2]
TRIALS, STEPS, EPOCHS = 8, 10, 3
HILL: Mapping[str, Any] = {
    "name": "hill",
    "trainer": "toy",
    "engine": "local",
    "method": "random",
    "metric": {"name": "score", "goal": "maximize"},
    "parameters": {
        "x": {"min": -1.0, "max": 1.0},
        "y": {"min": -1.0, "max": 1.0},
        "steps": {"value": STEPS},
        "epochs": {"value": EPOCHS},
        "delay": {"value": 0.01},
    },
    "baseline": {"x": 0.0, "y": 0.0},
    "run_cap": TRIALS,
    "concurrent": 2,
    "resources": {"cpu": 0.5},
}


@dataclass
class Experiment:
    """`keys` are those of the search; the file is JSON, which is YAML too. `temporary` must be short."""

    folder: Path
    temporary: Path
    keys: Mapping[str, Any] = field(default_factory=dict)
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        (self.folder / "hill.yaml").write_text(json.dumps({**HILL, **self.keys}))

    @property
    def mark(self) -> str:
        """What all processes of this experiment have in their environment."""
        return f"TMPDIR={self.temporary}"

    @property
    def environment(self) -> dict[str, str]:
        path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH", ""))))
        own = {"TMPDIR": str(self.temporary), "COCKPIT_STATE": str(self.temporary / "state")}
        return {**os.environ, **own, "PYTHONPATH": path}

    @property
    def run(self) -> RunFolder:
        found = wait_until(lambda: list((self.folder / "logs").glob("exp001*/sweep.jsonl")))
        return RunFolder(found[0].parent)

    @property
    def left(self) -> list[str]:
        """Commands of processes that are still there."""
        return [process.command for process in marked(self.mark)]

    def sweep(self, *words: str) -> subprocess.Popen[bytes]:
        """Start it; `words` as after `cockpit sweep`, by default the search."""
        said = (self.temporary / f"said-{len(self.started)}").open("w+b")
        process = subprocess.Popen(
            [sys.executable, "-m", "cockpit", "sweep", *(words or ("hill.yaml",)), "--logs", "logs"],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=said,
            start_new_session=True,
        )
        said.close()
        self.started.append(process)
        return process

    def resume(self) -> subprocess.Popen[bytes]:
        return self.sweep("--resume", "exp001")

    def said(self) -> str:
        """What the last sweep wrote to standard error."""
        return (self.temporary / f"said-{len(self.started) - 1}").read_text(errors="replace")

    def shown(self, *words: str) -> Any:
        """What a command of the cockpit prints as JSON."""
        with redirect_stdout(StringIO()) as printed:
            code = run([*words, "--logs", str(self.folder / "logs"), "--json"])
        assert code == 0, printed.getvalue()
        return json.loads(printed.getvalue())

    def end(self) -> None:
        for process in self.started:
            send(process.pid, signal.SIGCONT)
        kill_all(self.mark)
        for process in self.started:
            process.wait()

    @cached_property
    def configs(self) -> dict[str, dict[str, Any]]:
        """What an uncut sweep tries."""
        proposals = islice(sampling.proposals(load(self.folder / "hill.yaml")), TRIALS)
        return {f"t{number:03d}": dict(config) for number, config in enumerate(proposals)}

    @cached_property
    def curves(self) -> dict[str, dict[tuple[str, int], dict[str, float]]]:
        """What an uncut sweep measures: by trial, the metrics of every step and evaluation."""
        return {trial: _curve(config) for trial, config in self.configs.items()}


def _curve(config: Mapping[str, Any]) -> dict[tuple[str, int], dict[str, float]]:
    trainer = registry.find("toy")
    settings = registry.build_config(trainer, {**config, "delay": 0.0, "out": ""})
    events = registry.load_recipe(trainer)(settings, select_for(trainer, "cpu"))
    kinds = {Step: "step", Eval: "eval"}
    return {(kinds[type(e)], e.step): dict(e.metrics) for e in events if isinstance(e, Step | Eval)}


@contextmanager
def experiment(folder: Path, **keys: Any) -> Iterator[Experiment]:
    """One whose processes and temporary files are gone afterwards, whatever happened to it."""
    # Short, because paths of sockets are; on the root, because a test's own folder is deep.
    with tempfile.TemporaryDirectory(prefix="ck", dir="/tmp", ignore_cleanup_errors=True) as temporary:
        made = Experiment(folder, Path(temporary), keys)
        try:
            yield made
        finally:
            made.end()
