"""`cockpit devices`: this machine now, and as it was while an experiment ran."""

import csv
import io
import json

import pytest
from builders import Recorder

from cockpit.store.lines import append_line

GIB = 1 << 30


@pytest.fixture
def experiment(folder):
    """An experiment of whose machine three looks are kept, and one without."""
    recorder = Recorder(folder / "logs")
    for number, load in enumerate((10.0, 90.0, 98.0)):
        names = {"names": {"gpu0": "NVIDIA H200"}} if number == 0 else {}
        gpu = {"gpu0/load": load, "gpu0/used": (number + 1) * GIB, "gpu0/total": 139 * GIB, "gpu0/power": 500.5}
        line = {"at": 100.0 + 5 * number, "host": "node1", "cpu/load": 50.0, **gpu, "t000/cores": 1.5, **names}
        append_line(recorder.run.machine, line)
    recorder.trial(0, [0.5]).end()
    Recorder(folder / "logs", "exp002-short").trial(0, [0.5]).end()


def test_this_machine_is_told_with_what_is_not_known(cockpit):
    answer = cockpit("devices")
    assert answer.code == 0
    assert answer.out.split()[0] == "device"
    assert {line.split()[0] for line in answer.out.splitlines()} >= {"cpu", "memory", "disk"}
    (line,) = cockpit("devices", "--format", "jsonl").out.splitlines()
    assert json.loads(line)["memory/total"] > 0


@pytest.mark.usefixtures("experiment")
def test_the_past_of_a_machine_is_told_in_80_columns(cockpit, monkeypatch):
    monkeypatch.setattr("cockpit.cli.options.WIDE", 80)
    title, headings, cpu, gpu, trial = cockpit("devices", "exp001").out.splitlines()
    assert title == "node1: 3 looks in 10s"
    assert headings.split() == ["device", "load", "most", "load", "memory", "of", "power", "course", "name"]
    assert cpu.split() == ["cpu", "50%", "50%", "▅▅▅"]
    assert gpu.split() == [
        "gpu0", "66%", "98%", "3.0", "GiB", "139", "GiB", "500", "W", "▂▇█", "NVIDIA", "H200",
    ]  # fmt: skip
    assert trial.split() == ["t000", "1.50", "cores", "1.50", "cores", "███"]
    assert max(map(len, (title, headings, cpu, gpu, trial))) <= 80


@pytest.mark.usefixtures("experiment")
def test_every_look_is_there_as_csv_and_json(cockpit):
    rows = list(csv.DictReader(io.StringIO(cockpit("devices", "exp001", "--format", "csv").out)))
    assert [(row["at"], row["gpu0/load"]) for row in rows] == [("100.0", "10.0"), ("105.0", "90.0"), ("110.0", "98.0")]
    lines = [json.loads(line) for line in cockpit("devices", "exp001", "--format", "jsonl").out.splitlines()]
    assert [line["gpu0/used"] for line in lines] == [1 * GIB, 2 * GIB, 3 * GIB]


@pytest.mark.usefixtures("experiment")
def test_an_experiment_without_a_record_says_so(cockpit):
    answer = cockpit("devices", "exp002")
    assert (answer.code, answer.out) == (0, "")
    assert answer.err.startswith("exp002 has no record of its machine")
