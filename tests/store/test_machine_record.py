"""What is kept of looks at the machine comes back as it was, and what it comes to is told by device."""

import json

import pytest

from cockpit.store.lines import append_line
from cockpit.store.machine import (
    DiskRow,
    GpuProcess,
    GpuRow,
    MachineRow,
    MemoryRow,
    NetworkRow,
    ProcessorRow,
    TpuRow,
    TrialProcess,
)
from cockpit.store.machine.past import blocks, devices_past, seconds
from cockpit.store.machine.record import read_samples, sample_of

GIB = 1 << 30
GPU = GpuRow(
    0, "H200", 97.0, 9 * GIB, 139 * GIB, 612.5, 700.0, 55, 1980, processes=(GpuProcess(7, "python", "exp002/t003", 8),)
)
MACHINE = MachineRow(
    disk=DiskRow(41 * GIB, 252 * GIB),
    gpus=(GPU, GpuRow(1, "", trouble="GPU is lost"), GpuRow(2, "A100", None, 5, 80, is_divided=True)),
    tpu="TPU v5e × 1",
    tpus=(TpuRow(0, 12.5, None, 16 * GIB),),
    whole=True,
    processor=ProcessorRow((83.0, 62.0), 72.5, None, "", 1.25),
    memory=MemoryRow(5 * GIB, 24 * GIB, False, 0, 0),
    network=NetworkRow(1500.0, 2.0),
    trials=(TrialProcess("exp002/t003", 4711, 3, 151.0, 3 * GIB), TrialProcess("exp001/t000", 1, 1, 9.0, 1)),
)


def kept(path, *samples):
    for sample in samples:
        append_line(path, sample.line)
    return read_samples(path)


def test_a_look_comes_back_from_the_file(tmp_path):
    sample = sample_of(MACHINE, "exp002", 1_000.04, "vm")
    assert kept(tmp_path / "machine.jsonl", sample) == [sample]
    assert sample.at == 1_000.0
    assert sample.names == {"gpu0": "H200", "gpu2": "A100", "tpu0": "TPU v5e × 1"}


def test_what_is_not_known_is_not_there():
    values = sample_of(MACHINE, "exp002", 1.0, "vm").values
    assert {key for key in values if key.startswith("gpu1")} == set()
    assert {key for key in values if key.startswith("gpu2")} == {"gpu2/used", "gpu2/total"}
    assert "tpu0/used" not in values
    assert sample_of(MachineRow(), "exp002", 1.0, "vm").values == {}


def test_trials_are_those_of_the_experiment_with_their_part_of_the_gpus():
    values = sample_of(MACHINE, "exp002", 1.0, "vm").values
    assert {key: value for key, value in values.items() if key.startswith("t0")} == {
        "t003/cores": 1.51,
        "t003/memory": 3 * GIB,
        "t003/gpu_memory": 8,
    }
    assert {"exp001/t000/cores", "exp002/t003/cores"} <= set(sample_of(MACHINE, None, 1.0, "vm").values)


def test_lines_that_are_torn_or_strange_are_left_out(tmp_path):
    path = tmp_path / "machine.jsonl"
    good = sample_of(MACHINE, "exp002", 1.0, "vm")
    append_line(path, good.line)
    with path.open("a", encoding="utf-8") as file:
        file.write('[1]\n{"at":"x","host":"vm"}\n{"host":"vm"}\n{"at":1,"host":"vm","gpu0/load":"full"}\n{"at":2.0,"ho')
    assert read_samples(path) == [good]
    assert read_samples(tmp_path / "nowhere") == []


def test_names_hold_until_they_change(tmp_path):
    path = tmp_path / "machine.jsonl"
    first = sample_of(MACHINE, "exp002", 1.0, "vm").line
    append_line(path, first)
    append_line(path, {key: value for key, value in first.items() if key != "names"})
    assert [sample.names["gpu0"] for sample in read_samples(path)] == ["H200", "H200"]


def test_names_that_steer_terminals_are_shown_as_text(tmp_path):
    path = tmp_path / "machine.jsonl"
    line = {"at": 1.0, "host": "v\x1b[31mm", "gpu0/load": 1.0, "names": {"gpu0": "Tesla\x1b]0;x\x07"}}
    path.write_text(json.dumps(line) + "\n", encoding="utf-8")
    (sample,) = read_samples(path)
    assert (sample.host, sample.names["gpu0"]) == ("vm", "Tesla")


def test_a_past_is_told_by_device_with_trials_last(tmp_path):
    first = sample_of(MACHINE, "exp002", 100.0, "vm")
    half = {key: value / 2 for key, value in first.values.items() if not key.startswith("tpu")}
    samples = [first, type(first)(130.0, "vm", half, first.names)]
    past = {row.device: row for row in devices_past(samples)}
    assert list(past) == ["cpu", "memory", "disk", "gpu0", "gpu2", "tpu0", "t003"]
    gpu = past["gpu0"]
    assert (gpu.name, gpu.load_mean, gpu.load_most) == ("H200", 72.75, 97.0)
    assert (gpu.used_most, gpu.total, gpu.power, gpu.temperature, gpu.clock) == (9 * GIB, 139 * GIB, 612.5, 55, 1980)
    assert gpu.course == (97.0, 48.5)
    assert (past["gpu2"].load_mean, past["gpu2"].course) == (None, ())
    assert past["tpu0"].course == (12.5, None)
    assert (past["t003"].is_trial, past["t003"].load_most) == (True, 1.51)
    assert past["disk"].used_most == pytest.approx(211 * GIB)
    assert seconds(samples) == 30.0
    assert devices_past([]) == []


def test_a_course_is_as_wide_as_there_is_room():
    assert blocks([0.0, 50.0, 100.0, None], 100.0) == "▁▅█ "
    assert blocks([100.0] * 1000, 100.0, 20) == "█" * 20
    assert blocks([], 100.0) == ""
