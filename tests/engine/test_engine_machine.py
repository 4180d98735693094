"""How trials share a machine."""

from __future__ import annotations

from typing import Any

import pytest
from sweeping import search

from cockpit.engine.machine import GpuPool, NoRoomError, Share, cores, gpu_environment, gpu_ids, share


def shared(cores: int, gpus: int = 0, device: str = "auto", concurrent: int | None = None, **resources: float) -> Share:
    keys: dict[str, Any] = {"resources": resources} if resources else {}
    return share(search(concurrent=concurrent, **keys), device, cores, gpus)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"cores": 4}, Share(4, 1.0, 0.0)),
        ({"cores": 4, "cpu": 2}, Share(2, 2.0, 0.0)),
        ({"cores": 5, "cpu": 2}, Share(2, 2.0, 0.0)),
        ({"cores": 1, "cpu": 0.1}, Share(10, 0.1, 0.0)),
        ({"cores": 2, "cpu": 0.1}, Share(20, 0.1, 0.0)),
        ({"cores": 4, "concurrent": 1}, Share(1, 1.0, 0.0)),
        ({"cores": 4, "concurrent": 8}, Share(8, 1.0, 0.0)),
        ({"cores": 4, "concurrent": 2, "cpu": 4}, Share(2, 2.0, 0.0)),
        ({"cores": 2, "concurrent": 6, "cpu": 0.5}, Share(6, 0.5, 0.0)),
        ({"cores": 8, "gpus": 2}, Share(2, 1.0, 1.0)),
        ({"cores": 8, "gpus": 2, "device": "cpu"}, Share(8, 1.0, 0.0)),
        ({"cores": 8, "gpus": 2, "device": "cuda", "concurrent": 1}, Share(1, 1.0, 1.0)),
        ({"cores": 8, "gpus": 2, "gpu": 0.5}, Share(4, 1.0, 0.5)),
        ({"cores": 8, "gpus": 2, "gpu": 0.4}, Share(4, 1.0, 0.4)),  # a third one on each would not fit
        ({"cores": 16, "gpus": 1, "gpu": 0.1}, Share(10, 1.0, 0.1)),
        ({"cores": 8, "gpus": 3, "gpu": 2}, Share(1, 1.0, 2.0, 2)),
        ({"cores": 1, "gpus": 4}, Share(1, 1.0, 1.0)),
        ({"cores": 4, "gpus": 4, "processes": 2}, Share(2, 1.0, 2.0, 2)),  # a GPU for each process
        ({"cores": 4, "gpus": 2, "gpu": 2, "processes": 1}, Share(1, 1.0, 2.0, 1)),
        ({"cores": 4, "gpus": 1, "device": "cpu", "processes": 2}, Share(4, 1.0, 0.0, 2)),
        ({"cores": 4, "processes": 2}, Share(4, 1.0, 0.0, 2)),
    ],
)
def test_share(asked: dict[str, Any], expected: Share) -> None:
    assert shared(**asked) == expected


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"cores": 2, "cpu": 3}, "resources.cpu: a trial wants 3 cores and this machine has 2; ask for less"),
        ({"cores": 2, "gpu": 1}, "resources.gpu: a trial wants 1 GPUs and this machine has 0; ask for less"),
        (
            {"cores": 8, "gpus": 2, "processes": 3},
            "resources.processes: a trial wants 3 GPUs and this machine has 2; ask for less",
        ),
        (
            {"cores": 8, "gpus": 4, "gpu": 2, "processes": 3},
            "resources.processes: 3 processes want a GPU each and a trial gets 2; "
            "ask for as many GPUs as processes, or for the CPU with --device cpu",
        ),
        ({"cores": 8, "gpus": 2, "concurrent": 3}, "concurrent: 3 trials at once do not fit on 2 GPUs; at most 2 do"),
        (
            {"cores": 8, "gpus": 2, "concurrent": 5, "gpu": 0.4},
            "concurrent: 5 trials at once do not fit on 2 GPUs; at most 4 do",
        ),
    ],
)
def test_what_does_not_fit_is_refused(asked: dict[str, Any], message: str) -> None:
    with pytest.raises(NoRoomError) as caught:
        shared(**asked)
    assert str(caught.value) == message


@pytest.mark.parametrize(("cpu", "threads"), [(0.5, 1), (1.0, 1), (1.9, 1), (4.0, 4)])
def test_threads_are_those_of_whole_cores(cpu: float, threads: int) -> None:
    assert Share(1, cpu, 0.0).threads == threads


@pytest.mark.parametrize("gpus", [1, 2, 3])
@pytest.mark.parametrize("amount", [0.1, 0.25, 0.3, 0.4, 0.5, 0.6, 1.0])
def test_as_many_trials_as_planned_find_their_gpu(gpus: int, amount: float) -> None:
    planned = shared(64, gpus, gpu=amount)
    pool = GpuPool([str(number) for number in range(gpus)])
    for _ in range(2):  # what is given back can be had again
        taken = [pool.take(amount) for _ in range(planned.concurrent)]
        assert all(len(ids) == 1 for ids in taken)
        load = [sum(amount for ids in taken if ids == [str(number)]) for number in range(gpus)]
        assert max(load) <= 1.0 + 1e-6
        for ids in taken:
            pool.give_back(ids, amount)


def test_whole_gpus_are_not_shared() -> None:
    pool = GpuPool(["0", "1", "2", "3"])
    first, second = pool.take(2), pool.take(2)
    assert sorted(first + second) == ["0", "1", "2", "3"]
    pool.give_back(first, 2)
    assert sorted(pool.take(2)) == sorted(first)


def test_fractions_fill_one_gpu_before_the_next() -> None:
    pool = GpuPool(["0", "1"])
    assert pool.take(0.5) == pool.take(0.5)
    assert pool.take(1.0) == ["1"]


def test_a_trial_without_gpus_takes_none() -> None:
    assert GpuPool([]).take(0.0) == []
    assert gpu_environment([]) == {}
    assert gpu_environment(["2", "GPU-a"]) == {"CUDA_VISIBLE_DEVICES": "2,GPU-a"}


@pytest.mark.parametrize(
    ("visible", "ids"), [("", []), ("-1", []), ("3", ["3"]), ("0, 2", ["0", "2"]), ("GPU-a,GPU-b", ["GPU-a", "GPU-b"])]
)
def test_only_visible_gpus_count(monkeypatch: pytest.MonkeyPatch, visible: str, ids: list[str]) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert gpu_ids() == ids


def test_this_process_may_use_a_core() -> None:
    assert cores() >= 1
