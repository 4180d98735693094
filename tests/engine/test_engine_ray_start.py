"""Starting Ray: what is left out, what it listens on, who may use it, and that nothing of it stays."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from sweeping import events_in, is_alive, left_processes, processes, wait_until

from cockpit.engine import ray_token
from cockpit.engine.machine import Share
from cockpit.engine.ray_watchdog import members
from cockpit.events.kinds import Step
from cockpit.store.folder import RunFolder, find_experiment
from cockpit.store.machine.listeners import listeners

pytestmark = [pytest.mark.ray, pytest.mark.slow]

# Trials that run until somebody ends them.
ENDLESS = ("--trials", "2", "--concurrent", "2", "--set", "delay=0.02", "--set", "epochs=1000000", "--set", "steps=10")

# Asks the servers of the Ray at an address who its nodes are, first without a token, then with the right one.
ASK_TWICE = """
import os, sys
from ray._raylet import GcsClient
from cockpit.engine.ray_private import read_authentication_anew
address, path = sys.argv[1:]
try:
    GcsClient(address=address).get_all_node_info(timeout=20)
except Exception as error:
    print(type(error).__name__)
os.environ.update(RAY_AUTH_MODE="token", RAY_AUTH_TOKEN_PATH=path)
read_authentication_anew()
print(len(GcsClient(address=address).get_all_node_info(timeout=20)), "node")
"""


def test_private_functions_are_there_and_come_back() -> None:
    from ray._private import services
    from ray._private.node import Node

    from cockpit.engine.ray_private import LEFT_OUT, small_private_head

    places = [*((Node, name) for name in LEFT_OUT), (services, "resolve_ip_for_localhost"), (services, "ConsolePopen")]
    originals = [getattr(owner, name) for owner, name in places]
    with pytest.raises(RuntimeError), small_private_head():
        for (owner, name), original in zip(places, originals, strict=True):
            assert getattr(owner, name) is not original
        raise RuntimeError
    assert [getattr(owner, name) for owner, name in places] == originals


def test_ray_runs_without_a_dashboard_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    import ray

    from cockpit.engine.ray_start import running_ray

    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setenv(ray_token.TOKEN, "of a cluster")
    package = ray.__path__[0]
    before = _ray_settings()
    with running_ray(Share(concurrent=3, cpu=1.0, gpu=0.0), None) as folder:
        assert ray.cluster_resources()["CPU"] >= 3
        ours = [Path(f"/proc/{process.pid}/cmdline").read_bytes() for process in members(folder, package)]
        assert any(b"raylet" in command for command in ours)
        assert not any(b"dashboard.py" in command or b"monitor.py" in command for command in ours)
        # What is started while it runs, an editor or a user's script, gets no token of it.
        assert os.environ[ray_token.TOKEN] == "of a cluster"
        assert ray_token.TOKEN_PATH not in os.environ
    assert not ray.is_initialized()
    assert not Path(folder).exists()
    assert members(folder, package) == []
    assert not any(folder in process.command for process in processes())
    assert _ray_settings() == before


def _ray_settings() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.startswith(("RAY_", "TUNE_"))}


def test_a_token_that_others_can_read_is_refused_before_joining(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cockpit.engine.ray_start import running_ray

    token = tmp_path / "token"
    token.write_text("x")
    token.chmod(0o644)
    monkeypatch.delenv(ray_token.TOKEN, raising=False)
    monkeypatch.setenv(ray_token.TOKEN_PATH, str(token))
    with (
        pytest.raises(ray_token.TokenError, match=re.escape(f"others can read Ray's token {token}; run `chmod 600`")),
        running_ray(Share(1, 1.0, 0.0), "127.0.0.1:1"),
    ):
        pass


class Sweep:
    """A `cockpit sweep demo` on the Ray engine, a process of its own that has two trials under way."""

    def __init__(self, process: subprocess.Popen[bytes], logs: Path, temporary: Path) -> None:
        self.process = process
        self._logs, self._temporary = logs, temporary
        self.run: RunFolder = wait_until(self._with_steps)

    def _with_steps(self) -> RunFolder | None:
        assert self.process.poll() is None, "the sweep ended before it began"
        if not list(self._logs.glob("exp*/sweep.jsonl")):
            return None
        run = find_experiment(self._logs, "latest")
        files = [run.trial(trial).events for trial in run.trial_ids()]
        return run if sum(_has_steps(path) for path in files) == 2 else None

    @property
    def folder(self) -> Path:
        (folder,) = self._temporary.glob("cockpit-ray-*")
        return folder

    def ray(self) -> list[psutil.Process]:
        import ray

        return [psutil.Process(process.pid) for process in members(str(self.folder), ray.__path__[0])]


def _has_steps(path: Path) -> bool:
    return path.exists() and any(isinstance(event, Step) for event in events_in(path))


@pytest.fixture
def sweep(tmp_path: Path) -> Iterator[Sweep]:
    command = [sys.executable, "-m", "cockpit", "sweep", "demo", "--engine", "ray", *ENDLESS]
    # Short, because paths of sockets are.
    with tempfile.TemporaryDirectory(prefix="ck", ignore_cleanup_errors=True) as temporary:
        process = subprocess.Popen(
            command,
            cwd=tmp_path,
            env={**os.environ, "TMPDIR": temporary},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            yield Sweep(process, tmp_path / "logs", Path(temporary))
        finally:
            process.kill()
            process.wait()
            wait_until(lambda: not list(Path(temporary).glob("cockpit-ray-*")))


def test_a_running_sweep_is_closed_to_others_and_a_killed_one_leaves_nothing_of_ray(sweep: Sweep) -> None:
    ray_processes, folder = sweep.ray(), sweep.folder
    names = [" ".join(process.cmdline()) for process in ray_processes]
    assert len([name for name in names if name.startswith("ray::") and "Agent" not in name]) >= 2  # workers

    everybody = [psutil.Process(sweep.process.pid), *ray_processes]
    found = list(listeners(everybody))
    assert {"tcp"} <= {listener.protocol for listener in found}
    assert len({listener.pid for listener in found}) >= 5  # this sweep, both servers, workers
    assert [listener.where for listener in found if listener.beyond] == []

    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "token").stat().st_mode & 0o777 == 0o600
    assert {_umask(process.pid) for process in ray_processes} == {0o077}

    token = (folder / "token").read_text()
    assert not any(token in name for name in names)
    children = psutil.Process(sweep.process.pid).children(recursive=True)
    for process in {*children} - {*ray_processes}:  # the warm parent, the trials, the watchdog
        assert not {ray_token.TOKEN, ray_token.TOKEN_PATH} & process.environ().keys()

    (port,) = folder.glob("r/session_2*/gcs_server_port_*")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RAY_AUTH")}
    words = [f"127.0.0.1:{port.read_text()}", str(folder / "token")]
    answer = subprocess.run(
        [sys.executable, "-c", ASK_TWICE, *words], env=environment, capture_output=True, text=True, check=True
    )
    assert answer.stdout.splitlines() == ["AuthenticationError", "1 node"]

    assert _umask(sweep.process.pid) == _umask(os.getpid())
    sweep.process.kill()
    sweep.process.wait()
    wait_until(lambda: not folder.exists())
    assert [process.pid for process in ray_processes if is_alive(process.pid)] == []
    wait_until(lambda: not left_processes(sweep.run))


def _umask(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("Umask:")[2].split()[0], 8)
