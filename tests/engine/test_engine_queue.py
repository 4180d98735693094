"""The line of sweeps and the GPUs of one machine, held by processes that may be killed at any moment."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sweeping import search, wait_until

from cockpit.engine import locks
from cockpit.engine.gpu_names import device_names
from cockpit.engine.leases import BusyError, Lease, gpus_of, take
from cockpit.engine.machine import Share, gpu_ids
from cockpit.engine.queue import Place, Ticket, tickets, waiting_text
from cockpit.store.folder import FolderError, RunFolder

JOIN = """
import sys
from pathlib import Path
from cockpit.engine.queue import Place
from cockpit.store.folder import RunFolder
sys.stdin.readline()
place = Place(RunFolder(Path(sys.argv[1])), queued=True)
print(place.ticket.number, [ticket.number for ticket in place.ahead()], flush=True)
sys.stdin.read()
"""
HOLD_A_GPU = """
import sys
from cockpit.engine.leases import take
from cockpit.engine.machine import Share
from cockpit.search.reader import loads
lease = take(loads(sys.argv[1]), "auto", Share(1, 1.0, 1.0))
print(*lease.ids, flush=True)
sys.stdin.read()
"""
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(locks.VARIABLE, str(tmp_path / "state"))
    return tmp_path / "state"


@pytest.fixture
def start() -> Iterator[Start]:
    processes: list[subprocess.Popen[str]] = []

    def call(code: str, *arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", code, *arguments]
        processes.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        return processes[-1]

    yield call
    for process in processes:
        process.kill()
        process.communicate()


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_those_that_come_at_the_same_instant_are_in_one_order(tmp_path: Path, start: Start) -> None:
    processes = [start(JOIN, str(tmp_path / f"exp{number:03d}-x")) for number in range(5)]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    assert sorted(map(line, processes)) == [f"{number} {list(range(1, number))}" for number in range(1, 6)]
    first, *others = sorted(tickets(), key=lambda ticket: ticket.number)
    assert len(others) == 4
    killed = processes[int(first.experiment[3:])]
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert tickets() == others
    with_new_number = Place(RunFolder(tmp_path / "exp009-x"), queued=True)
    assert with_new_number.ticket.number == 6
    assert with_new_number.ahead() == others
    with_new_number.close()
    assert tickets() == others


def test_numbers_are_not_given_twice_and_nothing_is_left_behind(tmp_path: Path, state: Path) -> None:
    run = RunFolder(tmp_path / "exp001-x")
    for number in (1, 2, 3):
        place = Place(run, queued=False)
        assert (place.ticket.number, place.ahead()) == (number, [])
        place.close()
    folder = state / socket.gethostname() / "queue"
    assert sorted(path.name for path in folder.iterdir()) == ["last", "lock"]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_who_waits_says_for_whom(tmp_path: Path) -> None:
    here = str(tmp_path)
    running, queued = Ticket(1, "exp003", here, queued=False), Ticket(2, "exp004", here, queued=True)
    elsewhere = Ticket(3, "exp001", "/other", queued=True)
    assert waiting_text([running], tmp_path) == "1st in line, behind exp003"
    assert waiting_text([running, queued], tmp_path) == "2nd in line, behind exp003 and exp004"
    told = "3rd in line, behind exp003, exp004 and exp001 in /other"
    assert waiting_text([running, queued, elsewhere], tmp_path) == told
    assert waiting_text([queued] * 10, tmp_path).startswith("11th in line")


def test_a_state_folder_that_cannot_be_used_is_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(locks.VARIABLE, str(tmp_path / "file"))
    with pytest.raises(FolderError, match=r"cannot be used \(File exists\); set \$COCKPIT_STATE"):
        tickets()


@pytest.mark.parametrize(
    ("share", "count"),
    [
        (Share(1, 1.0, 1.0), 1),
        (Share(3, 1.0, 1.0), 3),
        (Share(2, 1.0, 2.0), 4),
        (Share(4, 1.0, 0.5), 2),
        (Share(3, 1.0, 0.5), 2),
        (Share(2, 1.0, 0.4), 1),
        (Share(10, 1.0, 0.1), 1),
    ],
)
def test_a_sweep_takes_no_more_gpus_than_its_trials_can_use(share: Share, count: int) -> None:
    assert gpus_of(share) == count


def lease(gpus: int, **keys: Any) -> Lease:
    return take(search(**keys), "auto", Share(gpus, 1.0, 1.0))


@pytest.mark.parametrize("names", [("0", "1"), ("GPU-aaa", "GPU-bbb"), ("MIG-1/2", "MIG-1/3")])
def test_no_gpu_is_had_twice(monkeypatch: pytest.MonkeyPatch, names: tuple[str, str]) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", ",".join(names))
    first = lease(2, concurrent=1)
    first.name("exp003")
    assert gpu_ids() == list(first.ids) == [names[0]]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", ",".join(names))
    second = lease(2)  # wants both and makes do with the free one
    assert (gpu_ids(), second.share.concurrent) == ([names[1]], 1)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", ",".join(names))
    with pytest.raises(BusyError) as caught:
        lease(2)
    told = f"GPU {names[0]} is taken by exp003, GPU {names[1]} by process {os.getpid()}; wait with --queue"
    assert str(caught.value).startswith(told)
    first.close()
    second.close()
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", ",".join(names))
    both = lease(2)
    assert list(both.ids) == list(names)
    both.close()
    assert gpu_ids() == list(names)


def test_two_trials_at_once_never_make_do_with_one_gpu_if_two_were_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    first = lease(2, concurrent=1)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    with pytest.raises(BusyError, match="GPU 0 is taken by process"):
        lease(2, concurrent=2)
    first.close()


def test_few_trials_take_few_gpus_and_those_for_the_cpu_none(monkeypatch: pytest.MonkeyPatch, state: Path) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1,2,3")
    few = lease(4, run_cap=2)
    assert (list(few.ids), few.share.concurrent) == (["0", "1"], 2)
    few.close()
    wanted = Share(4, 1.0, 1.0)
    assert list(take(search(), "cpu", wanted).ids) == list(take(search(), "auto", Share(4, 1.0, 0.0)).ids) == []
    assert gpu_ids() == ["0", "1", "2", "3"]


def test_a_killed_process_frees_its_gpu_at_once(monkeypatch: pytest.MonkeyPatch, start: Start) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    process = start(HOLD_A_GPU, search(resources={"cpu": 1}).to_yaml())
    assert line(process) == "0"
    with pytest.raises(BusyError, match=f"GPU 0 is taken by process {process.pid};"):
        lease(1)
    process.send_signal(signal.SIGKILL)
    process.wait()
    held = wait_until(lambda: lease(1))
    assert list(held.ids) == ["0"]
    held.close()


class Driver:
    """Stands for NVML on a machine with two GPUs."""

    uuids = ("GPU-aaaa-1", "GPU-bbbb-2")

    def nvmlInit(self) -> None:  # noqa: N802 - NVML's names
        pass

    nvmlShutdown = nvmlInit  # noqa: N815

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802
        return len(self.uuids)

    def nvmlDeviceGetHandleByIndex(self, number: int) -> int:  # noqa: N802
        return number

    def nvmlDeviceGetUUID(self, handle: int) -> str:  # noqa: N802
        return self.uuids[handle]


def test_a_gpu_is_the_same_by_its_number_and_by_its_uuid() -> None:
    ids = ["1", "GPU-bbbb-2", "GPU-bb", "GPU-none", "MIG-x", "7"]
    found = device_names(ids, Driver)
    assert [found[gpu] for gpu in ids] == ["GPU-bbbb-2"] * 3 + ["GPU-none", "MIG-x", "7"]

    def no_driver() -> Any:
        raise OSError

    assert device_names(ids, no_driver) == {gpu: gpu for gpu in ids}
