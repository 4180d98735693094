"""A sweep on several Ray nodes, all on this machine, one of which is killed in the middle."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest
from sweeping import (
    Scenes,
    Sweep,
    attempts,
    events_in,
    is_alive,
    left_processes,
    processes,
    run,
    search,
    wait_until,
)

from cockpit.engine import ray_token
from cockpit.engine.control import send
from cockpit.engine.plan import draft_plan
from cockpit.engine.sweep import Job, run_sweep
from cockpit.events.kinds import Answered, Attempt, Built, Saved, Step, TrialPaused, TrialStarted
from cockpit.store.folder import RunFolder, TrialFolder
from cockpit.store.reader import Index
from cockpit.store.rows import TrialRow

pytestmark = [pytest.mark.ray, pytest.mark.slow]

STORE_BYTES = 80 << 20
NODE = {"node_ip_address": "127.0.0.1", "object_store_memory": STORE_BYTES}
HEALTH = {"health_check_initial_delay_ms": 1000, "health_check_period_ms": 500, "health_check_failure_threshold": 4}


def trials(count: int, steps: int, delay: float) -> dict[str, Any]:
    """A search with so many trials, each with three epochs, of toys that all climb in another place."""
    return {
        "method": "grid",
        "parameters": {
            "x": {"values": [number / 10 for number in range(count)]},
            "y": {"value": 0.0},
            "steps": {"value": steps},
            "epochs": {"value": 3},
            "delay": {"value": delay},
        },
    }


@dataclass
class Nodes:
    """A Ray cluster of nodes with one core each; the driver joins the head."""

    ray: Any
    temporary: Path
    known: dict[str, Any] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return str(self.ray.address)

    def raylets(self) -> dict[int, Any]:
        """The nodes by the process of each one's server."""
        return {node.all_processes["raylet"][0].process.pid: node for node in self.ray.list_all_nodes()}

    def of(self, pid: int) -> Any:
        """The node that a process of a trial belongs to; None for those of the sweep's own machine."""
        raylets = self.raylets()
        return next((raylets[p.pid] for p in psutil.Process(pid).parents() if p.pid in raylets), None)

    def away(self, run_folder: RunFolder) -> dict[str, int]:
        """The trials that run on other nodes now, with their processes."""
        found = {}
        for trial in run_folder.trial_ids():
            path = run_folder.trial(trial).events
            begun = [event for event in events_in(path) if isinstance(event, Attempt)] if path.exists() else []
            if begun and is_alive(begun[-1].pid) and self.of(begun[-1].pid) is not None:
                found[trial] = begun[-1].pid
        return found

    def left(self) -> list[str]:
        """Warm parents that live, and folders of hosts that are there."""
        mine = [p for p in processes() if str(self.temporary) in p.command]
        warm = [p.command for p in mine if "cockpit.engine.warm" in p.command]
        return [*warm, *(str(folder) for folder in self.temporary.glob("cockpit-ray-*"))]

    def sweep(self, logs: Path, view: Any, device: str = "cpu", **keys: Any) -> Sweep:
        plan = draft_plan(search(engine="ray", **{"resources": {"cpu": 1}, **keys}), device=device, joining=True)
        job = Job(plan, logs, "a test", self.address)
        return Sweep(plan, *run_sweep(job, lambda *_: view, lambda _: None))


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    from ray.cluster_utils import Cluster

    from cockpit.engine.ray_private import read_authentication_anew, small_private_head

    tmp_path_factory.getbasetemp()  # not in the folder for temporary files that is gone afterwards
    with (
        tempfile.TemporaryDirectory(prefix="ck", ignore_cleanup_errors=True) as folder,
        pytest.MonkeyPatch.context() as patch,
    ):
        token = Path(folder) / "token"
        token.write_text(secrets.token_hex(32))
        token.chmod(0o600)
        patch.delenv(ray_token.TOKEN, raising=False)
        patch.setenv(ray_token.MODE, "token")
        patch.setenv(ray_token.TOKEN_PATH, str(token))
        # What is in the temporary folder of the nodes' hosts is looked at below.
        patch.setenv("TMPDIR", folder)
        patch.setattr(tempfile, "tempdir", None)
        patch.setattr("ray._private.utils.write_ray_address", lambda *_: None)  # not for everybody on this machine
        read_authentication_anew()
        shared = NODE | {"num_cpus": 1}
        with small_private_head():
            head = {**shared, "include_dashboard": False, "temp_dir": f"{folder}/r", "_system_config": HEALTH}
            cluster = Cluster(initialize_head=True, head_node_args=head)
            for _ in range(2):
                cluster.add_node(**shared, wait=False)
            cluster.wait_for_nodes()
        try:
            yield Nodes(cluster, Path(folder))
        finally:
            cluster.shutdown()
    read_authentication_anew()


def test_a_trial_that_fits_on_no_node_is_refused_in_one_line(nodes: Nodes, tmp_path: Path) -> None:
    sweep = nodes.sweep(tmp_path, Scenes(), **trials(1, steps=1, delay=0.0), resources={"cpu": 64})
    reason = "the engine failed: no node of the cluster has room for a trial with 64 cores; see engine.log"
    assert (sweep.ending.status, sweep.ending.reason) == ("failed", reason)
    assert sweep.trials == []


def test_trials_go_one_by_one_to_the_node_that_ray_says_has_a_tpu(nodes: Nodes, tmp_path: Path) -> None:
    node = nodes.ray.add_node(**NODE, num_cpus=3, resources={"TPU": 4})
    seen: list[Any] = []
    folders = lambda: RunFolder(next(tmp_path.glob("exp*")))  # noqa: E731

    def has_seen(_: dict[str, TrialRow]) -> bool:
        seen.extend(map(nodes.of, nodes.away(folders()).values()))
        return bool(seen)

    try:
        view = Scenes((has_seen, lambda run: None))
        search = {**trials(2, steps=20, delay=0.05), "resources": {"cpu": 0.5}}
        sweep = nodes.sweep(tmp_path, view, device="auto", **search)
    finally:
        nodes.ray.remove_node(node)
    assert sweep.statuses == ["finished"] * 2
    assert sweep.most_at_once() == 1
    assert seen == [node]


class Watching:
    """What is seen of a trial on another node while it runs."""

    def __init__(self, nodes: Nodes) -> None:
        self._nodes = nodes
        self.away: dict[str, int] = {}
        self.places: dict[str, Path] = {}
        self.modes: set[int] = set()
        self.code: set[str] = set()
        self.live_steps: dict[str, int] = {}

    def has_two_away(self, rows: dict[str, TrialRow], run_folder: RunFolder) -> bool:
        away = self._nodes.away(run_folder)
        return len(away) == 2 and all(rows[trial].steps > 3 for trial in away)

    def look_and_steer(self, run_folder: RunFolder) -> None:
        self.away = self._nodes.away(run_folder)
        with Index(run_folder) as index:
            self.live_steps = {row.id: row.steps for row in index.trials()}
        for trial, pid in self.away.items():
            output = Path(f"/proc/{pid}/fd/1").readlink()
            self.places[trial] = output.parent
            self.modes |= {folder.stat().st_mode & 0o077 for folder in (output, output.parent, output.parents[1])}
            self.code.add(psutil.Process(pid).environ()["PYTHONPATH"].split(os.pathsep)[0])
        first, second = self.away
        send(run_folder, "set", first, {"lr": 0.5})
        send(run_folder, "pause", second)

    def stop(self, run_folder: RunFolder) -> None:
        first, second = self.away
        send(run_folder, "resume", second)
        send(run_folder, "stop", first)


@pytest.fixture(scope="module")
def watching(nodes: Nodes) -> Watching:
    return Watching(nodes)


@pytest.fixture(scope="module")
def steered(nodes: Nodes, watching: Watching, tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    """Six trials on three nodes; of two on other nodes one takes another value and is stopped, one is paused."""
    logs = tmp_path_factory.mktemp("steered")
    folders = lambda: RunFolder(next(logs.glob("exp*")))  # noqa: E731
    view = Scenes(
        (lambda rows: watching.has_two_away(rows, folders()), watching.look_and_steer),
        (
            lambda rows: rows[list(watching.away)[1]].status == "paused" and _has_changed(folders(), watching),
            watching.stop,
        ),
    )
    return nodes.sweep(logs, view, **trials(6, steps=40, delay=0.15))


def _has_changed(run_folder: RunFolder, watching: Watching) -> bool:
    path = run_folder.trial(next(iter(watching.away))).events
    return any(isinstance(event, Step) and event.metrics["lr"] == 0.5 for event in events_in(path))


def test_trials_on_other_nodes_are_seen_while_they_run_and_share_nothing_with_the_run_folder(
    steered: Sweep, watching: Watching, nodes: Nodes
) -> None:
    assert steered.ending.status == "finished"
    assert len(watching.away) == 2
    assert all(watching.live_steps[trial] > 3 for trial in watching.away)
    for place in watching.places.values():
        assert place.is_relative_to(nodes.temporary)
        assert not place.is_relative_to(steered.run.path)
        assert not place.exists()
    assert watching.modes == {0}


def test_the_nodes_run_the_code_that_was_sent_to_them(watching: Watching) -> None:
    (path,) = watching.code
    assert "py_modules_files" in path


def test_commands_reach_trials_on_other_nodes(steered: Sweep, watching: Watching) -> None:
    first, second = watching.away
    answers = {event.command: event for event in steered.ledger if isinstance(event, Answered)}
    told = {(event.name, event.trial, event.state) for event in answers.values()}
    assert told == {(name, first, "done") for name in ("set", "stop")} | {
        (name, second, "done") for name in ("pause", "resume")
    }
    statuses = {trial.id: trial.status for trial in steered.trials}
    assert statuses.pop(first) == "stopped"
    assert set(statuses.values()) == {"finished"}


def test_the_record_is_the_one_of_a_run_on_this_machine(steered: Sweep, watching: Watching, tmp_path: Path) -> None:
    here = run(tmp_path, **trials(6, steps=40, delay=0.0))
    first, second = watching.away
    for trial in (row.id for row in here.trials if row.id != first):
        assert _steps(steered, trial) == _steps(here, trial)
        assert _kinds(steered, trial) == _kinds(here, trial)
        folder, expected = steered.run.trial(trial), here.run.trial(trial)
        assert json.loads((folder.path / "last.json").read_text())["step"] == 120
        assert _printed_scores(folder) == _printed_scores(expected)
        assert json.loads(folder.config.read_text()) == {**json.loads(expected.config.read_text()), "delay": 0.15}
    evaluations = {row.id: row.evaluations for row in here.trials if row.id != first}
    assert {row.id: row.evaluations for row in steered.trials if row.id != first} == evaluations
    again = [event for event in events_in(steered.run.trial(second).events) if isinstance(event, Built)]
    assert len(again) == 2
    assert again[1].step > 0


def _steps(sweep: Sweep, trial: str) -> list[tuple[int, dict[str, float]]]:
    with Index(sweep.run) as index:
        return [(row.step, row.metrics) for row in index.steps(trial) if row.kind == "step"]


def _printed_scores(folder: TrialFolder) -> list[str]:
    lines = folder.output.read_text().splitlines()
    return [line.partition("score")[2].partition(", time")[0] for line in lines if "score" in line]


def _kinds(sweep: Sweep, trial: str) -> set[str]:
    return {event.kind for event in events_in(sweep.run.trial(trial).events)}


class Killing:
    """Kills a node on which a trial has saved itself and gone on."""

    def __init__(self, nodes: Nodes) -> None:
        self._nodes = nodes
        self.trial = ""
        self.records: dict[str, bytes] = {}
        self.raylet = 0
        self._pid = 0

    def has_victim(self, rows: dict[str, TrialRow], run_folder: RunFolder) -> bool:
        away = self._nodes.away(run_folder)
        saved = [trial for trial in away if (run_folder.trial(trial).path / "last.json").exists()]
        ahead = [trial for trial in saved if rows[trial].steps > _last_saved(run_folder, trial) + 3]
        if not ahead:
            return False
        self.trial, self._pid = ahead[0], away[ahead[0]]
        os.kill(self._pid, signal.SIGSTOP)  # so that it does not end before its node does
        return True

    def kill(self, run_folder: RunFolder) -> None:
        node = self._nodes.of(self._pid)
        self.raylet = node.all_processes["raylet"][0].process.pid
        self.records = {trial: run_folder.trial(trial).events.read_bytes() for trial in run_folder.trial_ids()}
        self._nodes.ray.remove_node(node, allow_graceful=False)
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGCONT)


def _last_saved(run_folder: RunFolder, trial: str) -> int:
    saved = [event.step for event in events_in(run_folder.trial(trial).events) if isinstance(event, Saved)]
    return saved[-1] if saved else 10**9


@pytest.fixture(scope="module")
def killing(nodes: Nodes) -> Killing:
    return Killing(nodes)


@pytest.fixture(scope="module")
def bereft(steered: Sweep, nodes: Nodes, killing: Killing, tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    """Six trials on three nodes, one of which is killed."""
    logs = tmp_path_factory.mktemp("bereft")
    view = Scenes((lambda rows: killing.has_victim(rows, RunFolder(next(logs.glob("exp*")))), killing.kill))
    return nodes.sweep(logs, view, **trials(6, steps=20, delay=0.05))


def test_a_trial_of_a_lost_node_goes_on_elsewhere_from_its_last_checkpoint(bereft: Sweep, killing: Killing) -> None:
    assert killing.trial
    (held,) = [event for event in bereft.ledger if isinstance(event, TrialPaused)]
    assert held.trial == killing.trial
    assert held.reason.startswith("attempt 1 lost: node ")
    assert held.reason.endswith("was lost; again in 0 s")
    (again,) = [event for event in bereft.ledger if isinstance(event, TrialStarted) and event.attempt == 2]
    assert (again.trial, again.checkpoint) == (killing.trial, "last.json")
    built = [event for event in events_in(bereft.run.trial(killing.trial).events) if isinstance(event, Built)]
    assert [event.step > 0 for event in built] == [False, True]
    assert bereft.ending.status == "finished"
    assert bereft.statuses == ["finished"] * 6


def test_nothing_is_lost_with_a_node_and_nothing_is_there_twice(bereft: Sweep, killing: Killing) -> None:
    for trial, record in killing.records.items():
        assert bereft.run.trial(trial).events.read_bytes().startswith(record)
    for row in bereft.trials:
        assert [step for step, _ in _steps(bereft, row.id)] == list(range(1, 61))
        assert len(row.evaluations) == 3


def test_nothing_is_left_on_any_node(steered: Sweep, bereft: Sweep, killing: Killing, nodes: Nodes) -> None:
    assert attempts(steered.run)
    assert attempts(bereft.run)
    wait_until(lambda: not left_processes(steered.run) + left_processes(bereft.run))

    wait_until(lambda: not nodes.left())


def test_a_killed_sweep_leaves_nothing_on_other_nodes(bereft: Sweep, nodes: Nodes, tmp_path: Path) -> None:
    endless = (
        "--trials",
        "4",
        "--concurrent",
        "4",
        "--cpus",
        "1",
        "--set",
        "delay=0.02",
        "--set",
        "epochs=1000000",
        "--set",
        "steps=10",
    )
    command = [sys.executable, "-m", "cockpit", "sweep", "demo", "--address", nodes.address, *endless]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        (run_folder,) = wait_until(lambda: [RunFolder(path) for path in tmp_path.glob("logs/exp*")])
        away = wait_until(lambda: nodes.away(run_folder), seconds=90)
        wait_until(lambda: all((run_folder.trial(trial).path / "last.json").exists() for trial in away))
    finally:
        process.kill()
        process.wait()
    wait_until(lambda: not left_processes(run_folder))
    wait_until(lambda: not nodes.left())


def test_a_node_without_the_data_takes_no_trials(
    bereft: Sweep, nodes: Nodes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    from cockpit.engine import ray_cluster
    from cockpit.engine.needs import needs_of

    missing = ("/nowhere/data", "digest")
    monkeypatch.setattr(ray_cluster, "needs_of", lambda plan: replace(needs_of(plan), paths=(missing,)))
    sweep = nodes.sweep(tmp_path, Scenes(), **trials(2, steps=5, delay=0.0))
    assert sweep.statuses == ["finished"] * 2
    assert sweep.most_at_once() == 1
    assert "takes no trials: /nowhere/data is not there; copy it to the same place" in sweep.log
