"""Where the time of a step goes, from the record to the tables; and who waits for data is told what to do."""

import csv
import io
import json

import pytest
from builders import Recorder

from cockpit.events.codec import decode, encode
from cockpit.events.kinds import STEP_TIMES, Eval, Step
from cockpit.store.reader import Index

TIMES = {"data": 0.25, "compute": 0.5, "optimizer": 0.125, "record": 0.0000005}
SETTINGS = {"num_workers": 0, "prefetch": 2, "cache": "none"}


def record(logs, wait, times=TIMES, steps=20, settings=SETTINGS):
    recorder = Recorder(logs)
    writer = recorder.start(0, config=settings)
    for step in range(1, steps + 1):
        metrics = {"loss": 1.0 / step, "wait": wait}
        writer.write(Step(step=step, time=step / 2, metrics=metrics, step_times=times))
    writer.write(Eval(step=steps, time=0.5, metrics={"score": 0.5}))
    recorder.finish(0, writer)
    return recorder


def test_times_travel_as_they_are_and_are_no_metrics(tmp_path):
    event = Step(step=1, metrics={"loss": 0.5}, step_times=TIMES)
    assert decode(encode(event)) == event
    assert b"step_times" not in encode(Step(step=1))
    assert decode(encode(Step(step=1, step_times={"data": float("nan")}))).step_times["data"] != 0.0
    with Index(record(tmp_path, 0.1).end()) as index:
        rows = index.steps("t000")
        assert {name for _, _, name in index.metrics()} == {"loss", "wait", "score"}
    assert [row.times for row in rows] == [TIMES] * 20 + [{}]


@pytest.mark.parametrize("times", [{"data": "soon", "else": 1.0}, {"data": None}, {}])
def test_what_is_no_time_is_left_out(tmp_path, times):
    with Index(record(tmp_path, 0.1, times).end()) as index:
        assert index.steps("t000")[0].times == {}


def test_steps_have_a_column_for_each_part(cockpit, folder):
    record(folder / "logs", 0.1).end()
    rows = list(csv.DictReader(io.StringIO(cockpit("steps", "exp001/t000", "--format", "csv").out)))
    assert list(rows[0])[-6:] == ["wait", *(f"{name}_seconds" for name in STEP_TIMES), "time"]
    assert {name: float(rows[0][f"{name}_seconds"]) for name in STEP_TIMES} == TIMES
    assert rows[-1]["data_seconds"] == ""
    records = [json.loads(line) for line in cockpit("steps", "exp001/t000", "--format", "jsonl").out.splitlines()]
    assert {name: records[0][f"{name}_seconds"] for name in STEP_TIMES} == TIMES
    headings, first, *_ = cockpit("steps", "exp001/t000").out.splitlines()
    assert headings.split("  ")[-6:] == ["wait", "data ms", "compute ms", "optimizer ms", "record ms", "time s"]
    assert first.split()[-6:] == ["10%", "250.00", "500.00", "125.00", "0.00", "0.50"]


def test_what_a_step_spends_its_time_on_is_told_where_columns_have_no_room(cockpit, folder, monkeypatch):
    record(folder / "logs", 0.1).end()
    monkeypatch.setattr("cockpit.cli.options.WIDE", 40)
    answer = cockpit("steps", "exp001/t000", "--last", "5")
    told = "a step takes 875.00 ms: data 250.00 (29%), compute 500.00 (57%), optimizer 125.00 (14%), record 0.00 (0.0%)"
    assert told in " ".join(answer.err.split())
    assert max(map(len, (answer.out + answer.err).splitlines())) <= 40
    assert "a step takes" not in cockpit("steps", "exp001/t000", "--format", "csv").err


@pytest.mark.parametrize("options", [(), ("--last", "5"), ("--follow",), ("--last", "5", "--follow")])
def test_the_mean_is_of_the_rows_in_the_table_which_are_read_once(cockpit, folder, monkeypatch, options):
    recorder = Recorder(folder / "logs")
    writer = recorder.start(0)
    for step in range(1, 21):
        writer.write(Step(step=step, metrics={"loss": 0.5}, step_times={"data": step / 1000}))
    recorder.finish(0, writer)
    recorder.end()
    looks = []
    monkeypatch.setattr(Index, "steps", counted(Index.steps, looks))
    said = cockpit("steps", "exp001/t000", *options).err
    mean = 18 if "--last" in options else 10.5
    assert said == f"a step takes {mean:.2f} ms: data {mean:.2f} (100%)\n"
    assert len(looks) == (2 if "--follow" in options else 1), "one who follows looks once more for what is new"


def counted(function, calls):
    def called(*arguments):
        calls.append(arguments)
        return function(*arguments)

    return called


def test_steps_without_times_have_no_mean(cockpit, folder):
    record(folder / "logs", 0.1, {}).end()
    assert "a step takes" not in cockpit("steps", "exp001/t000").err


@pytest.mark.parametrize("command", [("steps", "exp001/t000"), ("show", "exp001/t000")])
def test_who_waits_is_told_what_helps(cockpit, folder, command):
    record(folder / "logs", 0.35).end()
    answer = cockpit(*command)
    said = " ".join((answer.err + answer.out).split())
    assert "waited for data 35% of the time: raise num_workers (now 0) or prefetch (now 2), or let cache have" in said


@pytest.mark.parametrize(("wait", "steps"), [(0.2, 20), (0.9, 7)], ids=["little", "too few to tell"])
def test_who_does_not_wait_is_told_nothing(cockpit, folder, wait, steps):
    record(folder / "logs", wait, steps=steps).end()
    assert "waited" not in str(cockpit("steps", "exp001/t000")) + str(cockpit("show", "exp001/t000"))
