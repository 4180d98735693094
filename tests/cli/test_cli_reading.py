"""Commands that read: lists, tables and documents, as text, CSV and JSON."""

import csv
import io
import json
import re
import shutil
import subprocess
import sys
import threading
from dataclasses import fields
from pathlib import Path

import pytest
from builders import Recorder, every_kind

from cockpit.cli import tables
from cockpit.events.kinds import Built, Eval, Norms, Step, TrialPaused
from cockpit.store.folder import RunFolder
from cockpit.store.indexer import Indexer


@pytest.fixture
def logs(folder, recorded):
    """A copy of the recorded sweep as this folder's logs."""
    return shutil.copytree(recorded, folder / "logs")


def best_trial(logs):
    return json.loads((logs / "exp001-hill" / "summary.json").read_text())["best_trial"]


def only_json(answer):
    assert (answer.code, answer.err) == (0, "")
    return json.loads(answer.out)


def test_ls_lists_newest_last_with_the_question(cockpit, logs):
    Recorder(logs, "exp002-other", question="Why?\nBecause.").trial(0, [0.5]).end("interrupted", "Ctrl-C")
    (logs / "exp003-empty").mkdir()
    answer = cockpit("ls")
    lines = answer.out.splitlines()
    assert (answer.code, answer.err) == (0, "")
    assert lines[0].split() == [
        "id",
        "search",
        "status",
        "trials",
        "metric",
        "best",
        "trend",
        "delta",
        "LB",
        "age",
        "question",
    ]
    assert [line.split()[:4] for line in lines[1:]] == [
        ["exp001", "hill", "✓", "finished"],
        ["exp002", "other", "■", "interrupted"],
        ["exp003", "empty", "✗", "broken"],
    ]
    assert lines[1].endswith("Where is the top?")
    assert lines[2].endswith("Why?")
    assert "no sweep.jsonl" in lines[3]


def test_ls_json_is_one_document(cockpit, logs):
    (summary,) = only_json(cockpit("ls", "--json"))
    assert (summary["experiment"], summary["status"], summary["trials"]) == ("exp001", "finished", 6)


def test_ls_of_an_empty_folder_says_how_to_begin(cockpit):
    assert "cockpit sweep demo" in cockpit("ls").out
    assert only_json(cockpit("ls", "--json")) == []


def test_the_logs_folder_comes_from_option_or_environment(cockpit, folder, recorded, monkeypatch):
    assert "exp001" in cockpit("ls", "--logs", recorded).out
    monkeypatch.setenv("COCKPIT_LOGS", str(recorded))
    assert "exp001" in cockpit("ls").out
    assert "exp001" not in cockpit("ls", "--logs", folder / "none").out


@pytest.mark.parametrize("name", ["exp001", "exp001-hill", "latest"])
def test_show_json_has_the_documented_keys(cockpit, logs, name):
    document = only_json(cockpit("show", name, "--json"))
    assert document.keys() >= {"experiment", "status", "metric", "mode", "trials"}
    assert (document["experiment"], document["metric"], document["mode"]) == ("exp001", "score", "max")
    assert len(document["trials"]) == 6
    wanted = ["id", "status", "stop_reason", "config", "seed", "best", "last", "steps", "epochs", "started", "ended"]
    for trial in document["trials"]:
        assert trial.keys() >= set(wanted)
        assert trial["steps"] > 0
        assert trial["best"] <= 1.0


def test_show_json_of_a_trial_is_that_trial(cockpit, logs):
    whole = only_json(cockpit("show", "latest", "--json"))["trials"][2]
    alone = only_json(cockpit("show", "latest/t002", "--json"))
    assert alone.items() >= {"experiment": "exp001", **whole}.items()
    assert (alone["threads"], alone["command"]) == (1, "cockpit sweep hill.yaml")
    (code,) = alone["provenance"]["code"]
    assert list(code["untracked"]) == ["hill.yaml"]
    assert alone["provenance"]["packages"] > 10
    assert alone["data_wait"] == 0.0 and alone["untrained"] == {"tensors": 0, "of": 0, "names": []}
    assert {label: Path(path).name for label, path in alone["files"].items()} == {"last": "last.json"}


def test_show_names_command_code_versions_and_machine(cockpit, logs):
    for name in ("latest", "latest/t002"):
        out = cockpit("show", name).out
        assert "command   cockpit sweep hill.yaml\n" in out
        assert "code      in no repository: hill.yaml\n" in out
        assert re.search(r"^versions  python 3\.\d+\.\d+, .*torch .*, all \d+ in packages\.txt$", out, re.MULTILINE)
    assert out.rstrip().endswith(", 1 thread")


def test_show_tells_why_each_trial_ended(cockpit, logs):
    Recorder(logs, "exp002-x").trial(0, [0.5], status="pruned", reason="asha rung 1: 0.5 < 0.6 (2nd of 2)").end()
    out = cockpit("show", "exp002").out
    assert out.startswith("exp002 x  ✓ finished\nWhere is the top?\nbest score 0.5000 (t000)")
    assert "asha rung 1: 0.5 < 0.6 (2nd of 2)" in out
    assert not [line for line in out.splitlines() if line != line.rstrip()]


def test_show_counts_lines_that_are_no_events(cockpit, folder):
    every_kind(folder / "logs")
    assert "⚠ trials/t001/events.jsonl: 2 lines are no events and were left out" in cockpit("show", "latest").out


def test_show_of_a_trial_has_settings_results_and_its_traceback(cockpit, folder):
    recorder = Recorder(folder / "logs")
    recorder.trial(0, [0.25, 0.5], config={"x": 0.5, "name": "a\x1b[31mb"})
    out = cockpit("show", "exp001/t000").out
    assert "best 0.5000 at step 2, last 0.5000" in out
    assert "evaluations  0.2500 0.5000" in out
    assert "2 epochs, 2 of 10 steps" in out
    assert "name         ab         ab" in out
    assert "\x1b" not in out


def test_show_of_a_trial_without_an_evaluation(cockpit, folder):
    Recorder(folder / "logs").start(0)
    assert "no evaluation yet" in cockpit("show", "exp001/t000").out


def rows_of(answer):
    assert (answer.code, answer.err) == (0, "")
    return list(csv.DictReader(io.StringIO(answer.out)))


def test_steps_in_three_formats_are_the_same_rows(cockpit, logs):
    table = cockpit("steps", "exp001/t000")
    rows = rows_of(cockpit("steps", "exp001/t000", "--format", "csv"))
    records = [json.loads(line) for line in cockpit("steps", "exp001/t000", "--format", "jsonl").out.splitlines()]
    assert list(rows[0]) == ["phase", "epoch", "step", "loss", "lr", "score", "time"] == table.out.split()[:7]
    assert len(table.out.splitlines()) - 1 == len(rows) == len(records) == 63
    assert [int(row["step"]) for row in rows] == [record["step"] for record in records]
    assert [float(row["loss"]) for row in rows] == [record["loss"] for record in records]
    assert [record["phase"] for record in records].count("valid") == 3


@pytest.mark.parametrize("last", [1, 5, 1000])
def test_last_gives_the_newest_rows(cockpit, logs, last):
    everything = cockpit("steps", "exp001/t000", "--format", "jsonl").out.splitlines()
    assert cockpit("steps", "exp001/t000", "--format", "jsonl", "--last", last).out.splitlines() == everything[-last:]


def test_grads_in_three_formats_are_the_same_rows(cockpit, logs):
    rows = rows_of(cockpit("grads", "exp001/t000", "--format", "csv"))
    assert set(rows[0]) == {field.name for field in fields(Norms)} - {"extra"}
    assert [(row["step"], row["group"]) for row in rows[:3]] == [("10", "body"), ("10", "head"), ("20", "body")]
    assert len(rows) == 12
    table = cockpit("grads", "exp001/t000", "--last", "2").out.splitlines()
    assert table[0].split()[:4] == ["step", "group", "param", "±param"]
    assert len(table) == 3
    records = cockpit("grads", "exp001/t000", "--format", "jsonl").out.splitlines()
    assert [json.loads(record)["grad_mean"] for record in records] == [float(row["grad_mean"]) for row in rows]


@pytest.fixture
def layers(folder):
    """A trial with a row for each of three layers at four steps, one of which has a tensor without any gradient."""
    recorder = Recorder(folder / "logs")
    writer = recorder.start(0)
    writer.write(Built(total_steps=9, frozen={"tensors": 7, "of": 12, "names": ["base.weight"]}))
    for step in range(1, 5):
        writer.write(Step(step=step, metrics={"loss": 1.0}))
        for number, layer in enumerate(("encoder.layers.11.attention.self.query", "encoder.pooler", "head")):
            dead = {"zero": 3, "names": {"zero": ["head.bias", "head.scale"]}} if layer == "head" else {}
            ratio = {"update_ratio": float("nan") if number == 2 else 1e-3 * (number + 1)}
            writer.write(
                Norms(step=step, group=layer, grad_mean=1.0, grad_max=2.0, largest=f"{layer}.w", **dead, **ratio)
            )
    recorder.finish(0, writer)
    recorder.end()


@pytest.mark.usefixtures("layers")
def test_rows_of_layers_can_be_chosen_and_ordered(cockpit):
    def groups(*words):
        return [
            (row["step"], row["group"]) for row in rows_of(cockpit("grads", "exp001/t000", "--format", "csv", *words))
        ]

    assert groups("--like", "^enc.*query$|head", "--last", "2") == [
        ("4", "encoder.layers.11.attention.self.query"),
        ("4", "head"),
    ]
    ordered = groups("--sort", "update_ratio")
    assert [group for _, group in ordered] == (
        ["encoder.pooler"] * 4 + ["encoder.layers.11.attention.self.query"] * 4 + ["head"] * 4
    )
    assert [step for step, _ in groups("--sort", "step", "--like", "head")] == ["4", "3", "2", "1"]
    assert cockpit("grads", "exp001/t000", "--like", "nothing like it").out == ""
    assert "is no regular expression" in cockpit("grads", "exp001/t000", "--like", "(").complaint


@pytest.mark.usefixtures("layers")
def test_tensors_that_stand_out_are_named_in_80_columns(cockpit, monkeypatch):
    monkeypatch.setattr("cockpit.cli.options.WIDE", 80)
    answer = cockpit("grads", "exp001/t000", "--last", "3")
    lines = answer.out.splitlines()
    assert max(map(len, lines)) <= 80
    assert "enco.laye.11.atte.self.quer" in lines[1]
    assert lines[-1].strip() == "no gradient: head.bias, head.scale and 1 more"
    assert "⚠ head: no gradient reaches head.bias, head.scale and 1 more since step 1" in answer.err
    assert "7 of 12 tensors are not trained: base.weight and 6 more" in answer.err
    (row,) = rows_of(cockpit("grads", "exp001/t000", "--last", "1", "--format", "csv"))
    assert (row["largest"], row["names"]) == ("head.w", "no gradient: head.bias, head.scale and 1 more")


def test_values_that_are_not_finite_are_null_in_json_and_named_elsewhere(cockpit, folder):
    every_kind(folder / "logs")
    records = [json.loads(line) for line in cockpit("steps", "exp001/t001", "--format", "jsonl").out.splitlines()]
    assert [record["loss"] for record in records if "loss" in record] == [1.0, 0.5, None, None, 0.2]
    assert "NaN" in cockpit("steps", "exp001/t001").out
    assert "∞" in cockpit("steps", "exp001/t001").out


@pytest.mark.parametrize("command", ["steps", "grads"])
def test_a_trial_that_recorded_nothing_says_so(cockpit, folder, command):
    Recorder(folder / "logs").start(0)
    answer = cockpit(command, "exp001/t000", "--format", "csv")
    assert (answer.code, answer.out, answer.err) == (0, "", "exp001/t000 has recorded none of these yet\n")


@pytest.mark.parametrize("words", [[], ["--last", "3"], ["--format", "csv"], ["--format", "jsonl", "--last", "1"]])
@pytest.mark.parametrize("command", ["steps", "grads"])
def test_following_a_finished_trial_is_reading_it(cockpit, logs, command, words):
    assert cockpit(command, "exp001/t000", "--follow", *words) == cockpit(command, "exp001/t000", *words)


class Growing:
    """A trial that goes on a little whenever somebody who follows it waits."""

    def __init__(self, logs, monkeypatch):
        self.recorder = Recorder(logs)
        self.writer = self.recorder.start(0)
        self.indexer = Indexer(self.recorder.run)
        self.waits = 0
        self.step(1)
        monkeypatch.setattr(tables.time, "sleep", self.wait)

    def step(self, number):
        self.writer.write(Step(step=number, time=0.5, metrics={"loss": 1.0 / number}))
        self.indexer.sync()

    def wait(self, _):
        self.waits += 1
        if self.waits < 4:
            self.step(self.waits + 1)
        else:
            self.writer.write(Eval(step=4, time=100.0, metrics={"score": 0.5, "loss": 0.25}))
            self.recorder.finish(0, self.writer)
            self.indexer.sync()
            self.indexer.close()


def test_following_a_growing_trial_ends_with_it_and_says_every_row_once(cockpit, folder, monkeypatch):
    Growing(folder / "logs", monkeypatch)
    answer = cockpit("steps", "exp001/t000", "--follow", "--format", "jsonl")
    records = [json.loads(line) for line in answer.out.splitlines()]
    assert [(record["phase"], record["step"]) for record in records] == [
        ("train", 1),
        ("train", 2),
        ("train", 3),
        ("train", 4),
        ("valid", 4),
    ]


def test_a_metric_that_comes_later_gets_new_headings(cockpit, folder, monkeypatch):
    Growing(folder / "logs", monkeypatch)
    assert cockpit("steps", "exp001/t000", "--follow").out.splitlines() == [
        "phase  epoch  step    loss  time s",
        "train      0     1  1.0000    0.50",
        "train      0     2  0.5000    0.50",
        "train      0     3  0.3333    0.50",
        "train      0     4  0.2500    0.50",
        "phase  epoch  step    loss   score  time s",
        "valid      0     4  0.2500  0.5000  100.00",
    ]


def test_following_ends_when_the_sweep_died(cockpit, folder):
    recorder = Recorder(folder / "logs", environment={"process_started": "1"})
    recorder.start(0).write(Step(step=1, metrics={"loss": 1.0}))
    assert len(cockpit("steps", "exp001/t000", "--follow", "--format", "csv").out.splitlines()) == 2


def test_a_reader_that_has_seen_enough_ends_the_command_silently(spawn, folder):
    recorder = Recorder(folder / "logs")
    writer = recorder.start(0)
    for step in range(1, 20_001):
        writer.write(Step(step=step, metrics={"loss": 1.0 / step}))
    recorder.finish(0, writer)
    recorder.end()
    for form in ("table", "csv", "jsonl"):
        process = spawn("steps", "exp001/t000", "--format", form)
        assert process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(30) == 0


def test_the_diary_is_printed_whole_or_one_entry(cockpit, logs):
    diary = logs / "diary.md"
    diary.write_text(f"my words\n\n{diary.read_text()}more of mine")
    assert cockpit("diary").out == diary.read_text() + "\n"
    out = cockpit("diary", "exp001").out
    assert out.startswith("<!-- cockpit:begin exp001 -->\n## exp001 · hill ➖")
    assert out.endswith("<!-- cockpit:end exp001 -->\n")


def test_the_diary_is_made_anew_and_the_users_words_stay(cockpit, logs):
    diary = logs / "diary.md"
    before = diary.read_text()
    diary.write_text(before.replace("Where is the top?", "changed") + "mine\n")
    assert cockpit("diary", "--write").code == 0
    assert diary.read_text() == before + "mine\n"
    diary.unlink()
    assert cockpit("diary", "exp001", "--write").out in before
    assert diary.read_text() == before


def test_an_experiment_that_cannot_be_read_keeps_no_other_from_the_diary(cockpit, logs):
    (logs / "exp000-broken").mkdir()
    (logs / "diary.md").unlink()
    answer = cockpit("diary", "--write")
    assert answer.code == 1
    assert answer.err.startswith("cockpit: logs/exp000-broken: no sweep.jsonl in it")
    assert len(answer.err.splitlines()) == 1
    assert "exp001 · hill" in answer.out


def test_an_experiment_without_an_entry_says_how_to_get_one(cockpit, logs):
    Recorder(logs, "exp002-x").end()
    assert cockpit("diary", "exp002").complaint == (
        "cockpit: exp002 has no entry yet; write it with `cockpit diary exp002 --write`"
    )


def test_reindex_makes_what_was_deleted(cockpit, logs):
    run = RunFolder(logs / "exp001-hill")
    before = cockpit("show", "exp001", "--json")
    run.index.unlink()
    run.summary.unlink()
    answer = cockpit("reindex")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.startswith("exp001-hill: ")
    assert run.index.exists()
    assert run.summary.exists()
    assert cockpit("show", "exp001", "--json") == before


def test_reindex_leaves_a_running_sweep_alone_and_does_the_others(cockpit, logs):
    recorder = Recorder(logs, "exp000-runs")
    with Indexer(recorder.run):
        answer = cockpit("reindex")
        assert cockpit("reindex", "exp000").complaint.startswith("cockpit: exp000: its index is being written")
    assert answer.code == 1
    assert answer.err.startswith("cockpit: exp000: its index is being written by a running sweep")
    assert answer.out.startswith("exp001-hill: ")


def test_where_names_the_folders(cockpit, folder):
    folders = only_json(cockpit("where", "--json"))
    assert folders["logs"] == str(folder / "logs")
    known = {"logs", "diary", "own searches", "shipped searches", "trainers", "program", "python"}
    assert set(folders) == known | {"settings", "cockpit's log"}
    out = cockpit("where").out
    assert f"logs              {folder / 'logs'}  (not there yet)" in out
    assert len(out.splitlines()) == len(folders)


def test_the_doctor_speaks_json_and_fails_for_what_is_bad_only(cockpit, monkeypatch):
    from cockpit.cli import doctor
    from cockpit.cli.finding import Finding

    monkeypatch.setattr(doctor, "hardware", lambda: iter([Finding("cuda", "note", "none")]))
    monkeypatch.setattr(doctor, "exposure", lambda: iter([Finding("listening", "note", "a browser")]))
    monkeypatch.setattr(doctor, "_disk", lambda logs: iter([Finding("disk", "ok", "enough")]))
    monkeypatch.setattr(doctor, "PACKAGES", ("click",))
    findings = only_json(cockpit("doctor", "--json"))
    assert [finding["what"] for finding in findings][:2] == ["python", "click"]
    assert {finding["level"] for finding in findings} <= {"ok", "note"}
    monkeypatch.setattr(doctor, "PACKAGES", ("no-such-package",))
    answer = cockpit("doctor")
    assert answer.code == 1
    assert "✗  no-such-package  not installed; run `" in answer.out


def test_new_search_can_be_planned_at_once(cockpit, folder):
    assert cockpit("new", "search", "mine", "--trainer", "toy").code == 0
    assert (folder / "searches" / "mine.yaml").exists()
    answer = cockpit("sweep", "mine", "--engine", "local", "--dry-run", "--json")
    assert only_json(answer)["search"]["trainer"] == "toy"
    assert "exists already" in cockpit("new", "search", "mine").complaint


def test_new_search_for_matching_can_be_planned_at_once(cockpit):
    cockpit("new", "search", "margins")
    assert only_json(cockpit("sweep", "margins", "--dry-run", "--json"))["search"]["metric"]["name"] == "row_f1"


def test_new_trainer_runs_at_once(cockpit, folder):
    import trainers

    shutil.copytree(trainers.__path__[0], folder / "trainers", ignore=shutil.ignore_patterns("__pycache__"))
    assert cockpit("new", "trainer", "line_fit").out.splitlines()[:2] == [
        "wrote trainers/configs/line_fit.py",
        "wrote trainers/line_fit.py",
    ]
    command = [sys.executable, "-m", "trainers.line_fit", "--epochs", "3", "--device", "cpu"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Train Step 3, loss:" in done.stdout
    assert "exists already" in cockpit("new", "trainer", "line_fit").complaint


def test_reading_while_the_sweep_writes_never_fails(cockpit, folder):
    recorder = Recorder(folder / "logs")
    over = threading.Event()

    def write():
        with Indexer(recorder.run) as indexer:
            writer, step = recorder.start(0), 0
            while not over.is_set():
                step += 1
                writer.write(Step(step=step, metrics={"loss": 1.0 / step}))
                indexer.sync()
            writer.close()

    thread = threading.Thread(target=write)
    with Indexer(recorder.run) as first:
        first.sync()
    thread.start()
    try:
        for words in (["ls"], ["show", "exp001"], ["show", "exp001", "--json"]) * 5:
            assert cockpit(*words).code == 0
    finally:
        over.set()
        thread.join()


SEVERAL = """\
name: hill
trainer: toy
engine: local
method: random
metrics: [{name: score, goal: maximize}, {name: loss, goal: minimize}]
parameters: {x: {min: -1.0, max: 1.0}}
run_cap: 3
"""


def test_every_end_is_told_in_one_phrase_and_the_front_is_marked(cockpit, folder):
    recorder = Recorder(folder / "logs")
    recorder.run.search.write_text(SEVERAL)
    ends = {
        "finished": "",
        "pruned": "floor evaluation 1: 0.1000 < 0.2000",
        "stopped": "killed by me@here",
        "diverged": "loss not finite at step 4; last good 2.1 at step 3",
        "failed": "ValueError: no",
        "lost": "its process was killed (signal 9)",
    }
    for number, (status, reason) in enumerate(ends.items()):
        recorder.trial(number, [0.9 - number / 10], status=status, reason=reason)
    shown = cockpit("show", recorder.end("stopped", "stopped by me@here").id)
    rows = {line.split()[0]: line for line in shown.out.splitlines() if line.startswith("t00")}
    assert [trial for trial, row in rows.items() if "★" in row] == ["t000"]
    assert all(
        row.endswith(reason or status) for row, (status, reason) in zip(rows.values(), ends.items(), strict=True)
    )
    assert "no other trial is better in all of score maximized, loss minimized" in shown.out
    assert "cockpit sweep --resume exp001 goes on with it" in shown.out
    told = json.loads(cockpit("show", "exp001", "--json").out)["trials"]
    assert [trial["front"] for trial in told] == [True, *[False] * 5]


def test_following_a_trial_goes_on_through_its_pause(cockpit, folder, monkeypatch):
    recorder = Recorder(folder / "logs")
    writer = recorder.start(0)
    recorder.ledger.write(TrialPaused(trial="t000", reason="paused by me@here"))
    looks = iter(range(2))

    def next_look(_):
        if next(looks):
            recorder.finish(0, writer)
        else:
            writer.write(Step(step=7, metrics={"loss": 0.5}))
        with Indexer(recorder.run) as indexer:
            indexer.sync()

    with Indexer(recorder.run) as indexer:
        indexer.sync()
    monkeypatch.setattr(tables.time, "sleep", next_look)
    lines = cockpit("steps", "exp001/t000", "--follow", "--format", "jsonl").out.splitlines()
    assert [json.loads(line)["step"] for line in lines] == [7]
    assert list(looks) == []
