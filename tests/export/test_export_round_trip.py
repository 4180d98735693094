"""What is exported comes back with every number, to the last bit."""

import csv
import json
import math
import random

import pytest
from builders import every_kind
from export.exporting import SECRET, TEXTS, confirmed, hard_experiment, numbers_of_events, numbers_of_index, record_of
from importers.reading import Told, mutations

from cockpit.export.registry import format_named
from cockpit.export.writing import write
from cockpit.importers import exported_cells as cells
from cockpit.importers.contract import SURE, Run, RunEnded, Source
from cockpit.importers.importing import Wish, import_source
from cockpit.importers.registry import importer_of, importers, open_source
from cockpit.store import ranking
from cockpit.store.reader import Index
from cockpit.store.summary import read_summary
from cockpit.store.verdict import BETTER, verdict

SHAPES = {"csv": "all.csv", "csv folder": "tables", "json": "all.json", "tensorboard": "board"}
IMPORTERS = {"csv": "exported-csv", "csv folder": "exported-csv", "json": "exported-json", "tensorboard": "tensorboard"}
ABOUT_TRIALS = ("csv folder", "json", "tensorboard")  # the one table has numbers only


@pytest.fixture(scope="module", params=[hard_experiment, every_kind], ids=["hard", "every kind"])
def run(request, tmp_path_factory):
    return request.param(tmp_path_factory.mktemp("logs"))


@pytest.fixture(params=SHAPES)
def shape(request):
    return request.param


def exported(run, shape, folder, trial=""):
    """Where the export is, and the record that it was made of is the caller's."""
    path = folder / SHAPES[shape]
    with record_of(run, trial) as record:
        write(record, format_named(shape.partition(" ")[0]), path)
    return path


def told_by(path):
    source = open_source(path)
    return Told(importer_of(source), source)


def test_every_number_comes_back(run, shape, tmp_path):
    path = exported(run, shape, tmp_path)
    with record_of(run) as record:
        assert numbers_of_events(told_by(path).events) == numbers_of_index(record)


def test_one_trial_comes_back_alone(run, shape, tmp_path):
    path = exported(run, shape, tmp_path, "t001")
    with record_of(run, "t001") as record:
        assert numbers_of_events(told_by(path).events) == numbers_of_index(record)
        assert len(numbers_of_index(record)) > 5


def test_its_own_importer_knows_it(run, shape, tmp_path):
    source = open_source(exported(run, shape, tmp_path))
    assert importer_of(source).name == IMPORTERS[shape]
    assert shape == "tensorboard" or importer_of(source).fit(source) == SURE


@pytest.mark.parametrize("shape", ABOUT_TRIALS)
def test_what_trials_are_comes_back(run, shape, tmp_path):
    told = told_by(exported(run, shape, tmp_path))
    with record_of(run) as record:
        assert list(told.runs) == [trial.id for trial in record.trials]
        for trial in record.trials:
            back, end = told.runs[trial.id], told.ends[trial.id]
            assert repr(dict(back.config)) == repr(dict(trial.config))
            assert (back.seed, back.started, back.device) == (trial.seed, trial.started, trial.device)
            assert (end.status, end.reason, end.error, end.ended) == (
                trial.status,
                trial.reason,
                trial.error,
                trial.ended,
            )
            assert back.label == (trial.extra.get("label") or trial.id)
            assert (back.change, back.note) == (trial.extra.get("change", ""), trial.extra.get("note", ""))
        sweep = record.sweep
        assert (told.about.name, told.about.question, told.about.metric) == (sweep.search, sweep.question, sweep.metric)
        assert (told.about.goal, told.about.at) == (sweep.goal, sweep.started)


@pytest.mark.parametrize("shape", ("json", "tensorboard"))
def test_notes_come_back(run, shape, tmp_path):
    notes = told_by(exported(run, shape, tmp_path)).notes()
    with record_of(run) as record:
        assert notes == [note.text for trial in record.trials for note in record.notes(trial)]


def test_nothing_is_left_unread(run, shape, tmp_path):
    assert told_by(exported(run, shape, tmp_path)).unread == []


def test_no_secret_is_in_an_export(shape, tmp_path):
    path = exported(hard_experiment(tmp_path / "logs"), shape, tmp_path)
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    for file in files:
        data = file.read_bytes()
        assert SECRET.encode() not in data and b"letmein12345" not in data and b"/home/me" not in data


def test_the_json_document_is_json(run, tmp_path):
    document = json.loads(exported(run, "json", tmp_path).read_text(), parse_constant=pytest.fail)
    with record_of(run) as record:
        assert document["experiment"]["experiment"] == record.sweep.experiment
        assert [trial["trial"]["id"] for trial in document["trials"]] == [trial.id for trial in record.trials]
        assert document["trials"][1]["trial"]["files"] == {"best": "best.pt"}
        assert {event["kind"] for trial in document["trials"] for event in trial["events"]} == {
            "step",
            "eval",
            "norms",
            "note",
        }


def test_no_cell_is_a_formula(run, tmp_path):
    for file in exported(run, "csv folder", tmp_path).iterdir():
        for row in csv.reader(file.read_text().splitlines()):
            for cell in row:
                assert not cell.startswith(("=", "@", "+")) and (
                    not cell.startswith("-") or cells.number_of(cell) is not None
                )


@pytest.mark.parametrize(
    "value",
    [
        *TEXTS, "1e5", "1_000", " 7 ", "NaN", "null", '"x"', "[1]", "+5", "@x", "\ttab", "ünï", 0, -3, 10**30, 0.1,
        -0.0, math.inf, -math.inf, True, False, None, [1, "a"], {"a": {"b": None}},
    ],
)  # fmt: skip
def test_a_cell_comes_back_as_what_it_was(value):
    back = cells.value_of(cells.value_cell(value))
    assert (type(back), repr(back)) == (type(value), repr(value))


@pytest.mark.parametrize("step", ["--5", "5.0", "١", "9" * 19, "", "1e3"])
def test_a_row_without_a_step_is_told(tmp_path, step):
    path = tmp_path / "steps.csv"
    path.write_text(f"{','.join(cells.FIXED)},loss\nt000,step,train,,0,{step},,0.5\nt000,step,train,,0,7,,0.25\n")
    told = told_by(path)
    assert [event.step for event in told.steps()] == [7]
    assert len(told.unread) == 1


def test_metrics_called_like_columns_keep_their_names():
    for name in ("trial", "step", "metrics.trial", "metrics.metrics.a", "=a", "loss"):
        assert cells.metric_name(cells.metric_column(name)) == name
        assert cells.metric_column(name) not in cells.FIXED


def test_runs_that_were_not_over_are_interrupted(tmp_path):
    from builders import Recorder

    recorder = Recorder(tmp_path / "logs")
    recorder.start(0).close()
    for shape in ABOUT_TRIALS:
        (tmp_path / shape).mkdir()
        (end,) = told_by(exported(recorder.run, shape, tmp_path / shape)).of(RunEnded)
        assert (end.status, end.reason) == ("interrupted", "it was running when it was exported")


def test_mutated_exports_raise_nothing(tmp_path):
    run = every_kind(tmp_path / "logs")
    chance = random.Random(4)
    files = [exported(run, shape, tmp_path) for shape in ("csv", "json")]
    files += sorted(exported(run, "csv folder", tmp_path).iterdir())
    own = {importer.name: importer for importer in importers() if importer.name.startswith("exported")}
    for file in files:
        data = file.read_bytes()
        for changed in mutations(data, chance, 60):
            file.write_bytes(changed)
            source = open_source(file)
            for importer in own.values():
                importer.fit(source)
                told = Told(importer, source)
                assert len(told.runs) == len(told.of(Run))
        file.write_bytes(data)
    trials = (tmp_path / "tables" / "trials.csv").read_bytes()
    for changed in (*mutations(trials, chance, 60), trials + trials[trials.index(b"\n") + 1 :]):
        (tmp_path / "tables" / "trials.csv").write_bytes(changed)
        told = Told(own["exported-csv"], Source(tmp_path / "tables"))
        assert len(told.runs) == len(told.of(Run))
    assert list(told.runs) == ["t000", "t001"]


@pytest.mark.parametrize("shape", ABOUT_TRIALS)
def test_what_confirms_a_trial_still_does_when_it_comes_back(shape, tmp_path):
    path = exported(confirmed(tmp_path / "logs"), shape, tmp_path)
    source = open_source(path)
    back = import_source(source, importer_of(source), Wish(tmp_path / "back", "cockpit import"))
    with Index(back.run) as index:
        sweep, trials = index.sweep(), index.trials()
    assert (ranking.best_trial(trials, sweep.goal).id, ranking.baseline_trial(trials).id) == ("t001", "t000")
    found = verdict(sweep, trials)
    assert (found.mark, len(found.pairs), sweep.varied) == (BETTER, 3, ["x"])
    known = read_summary(back.run, 0.0)
    assert (known["best_trial"], known["verdict"]) == ("t001", BETTER)
