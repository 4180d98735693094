"""The watchdog of a private Ray, with processes that look like Ray's and others that only look at it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sweeping import is_alive, processes, wait_until

from cockpit.engine.ray_guard import guarded_folder, left_folders
from cockpit.engine.ray_watchdog import end, members

PACKAGE = "/opt/somewhere/ray"
WAIT = "import sys; print(flush=True); sys.stdin.read()"
# Starts one more process, as a worker may.
WAIT_WITH_CHILD = f"import subprocess, sys; subprocess.Popen([{sys.executable!r}, '-c', {WAIT!r}]); {WAIT}"
# A sweep that dies in the middle: it says which folder it has, and waits for its end.
SWEEP = f"""
import sys
from pathlib import Path
from cockpit.engine.ray_guard import guarded_folder
with guarded_folder(Path({PACKAGE!r})) as folder:
    print(folder, flush=True)
    sys.stdin.read()
"""

Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a program under any name and with any arguments; it stays until its standard input closes."""
    started: list[subprocess.Popen[bytes]] = []

    def begin(name: str, *arguments: str, program: str = WAIT, **options: Any) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [name, "-c", program, *arguments],
            executable=sys.executable,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            **options,
        )
        started.append(process)
        assert process.stdout is not None
        process.stdout.readline()
        return process

    yield begin
    for process in started:
        process.kill()
        process.communicate()


def test_members_are_programs_of_ray_with_this_folder_and_what_they_started(start: Start, tmp_path: Path) -> None:
    folder, other = tmp_path / "cockpit-ray-1", tmp_path / "cockpit-ray-10"
    for place in (folder, other):
        place.mkdir()
        (place / "log").touch()
    server = start("raylet", f"{PACKAGE}/core/raylet", f"--socket={folder}/s", program=WAIT_WITH_CHILD)
    with (folder / "log").open() as log, (other / "log").open() as log_of_other:
        worker = start("ray::IDLE", stderr=log)
        start("ray::IDLE", stderr=log_of_other)
        start("pager", stderr=log)
    start("pager", f"{folder}/log")
    start("raylet", f"{PACKAGE}/core/raylet", f"--socket={other}/s")
    child = next(process.pid for process in processes() if process.parent == server.pid)
    found = {process.pid for process in members(str(folder), PACKAGE)}
    assert found == {server.pid, worker.pid, child}
    end(str(folder), PACKAGE)
    assert [process for process in (server.pid, worker.pid, child) if is_alive(process)] == []
    assert server.wait() == worker.wait() == -signal.SIGKILL
    assert members(str(folder), PACKAGE) == []
    assert len(members(str(other), PACKAGE)) == 2


def test_the_watchdog_acts_when_the_sweep_is_killed_and_not_before(start: Start) -> None:
    sweep = subprocess.Popen([sys.executable, "-c", SWEEP], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert sweep.stdout is not None
    folder = Path(sweep.stdout.readline().decode().strip())
    watchdog = next(process for process in processes() if process.parent == sweep.pid)
    assert folder.stat().st_mode & 0o777 == 0o700
    server = start("raylet", f"{PACKAGE}/core/raylet", f"--socket={folder}/r/s", start_new_session=True)
    numbers = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
    wait_until(lambda: all(_ignores(watchdog.pid, number) for number in numbers))
    for number in numbers:
        os.kill(watchdog.pid, number)
    assert watchdog.group != os.getpgid(sweep.pid)
    assert server.poll() is None
    assert folder not in left_folders()  # somebody still watches over it
    sweep.kill()
    sweep.communicate()
    assert server.wait(timeout=60) == -signal.SIGKILL
    wait_until(lambda: not folder.exists() and not is_alive(watchdog.pid))


def test_the_watchdog_leaves_with_the_sweep_and_the_folder() -> None:
    with guarded_folder(Path(PACKAGE)) as folder:
        (folder / "r").mkdir()
        wait_until(lambda: any(str(folder) in process.command for process in processes()))
    assert not folder.exists()
    assert not any(str(folder) in process.command for process in processes())


def test_a_folder_without_a_watchdog_is_left(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("cockpit.engine.ray_guard.LONGEST", 200)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "cockpit-ray-old").mkdir()
    (tmp_path / "cockpit-other").mkdir()
    assert left_folders() == [tmp_path / "cockpit-ray-old"]


def test_a_long_path_for_temporary_files_is_avoided(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 60)
    deep.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(deep))
    with guarded_folder(Path(PACKAGE)) as folder:
        assert folder.parent == Path("/tmp")


def _ignores(pid: int, number: signal.Signals) -> bool:
    status = Path(f"/proc/{pid}/status").read_text()
    return bool(int(status.partition("SigIgn:")[2].split()[0], 16) >> (number - 1) & 1)
