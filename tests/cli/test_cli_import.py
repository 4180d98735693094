"""`cockpit import` from the command line."""

import json
import signal
import time

import pytest

from cockpit.store.folder import experiments

DEADLINE = 60
LOG = "reading 3 files\nepoch 0 step 1 loss: 0.5\nepoch 0 step 2 loss: 0.4\nval acc: 0.7\n"


@pytest.fixture
def log(folder):
    path = folder / "train.log"
    path.write_text(LOG)
    return path


def test_a_file_becomes_an_experiment_with_an_entry_in_the_diary(cockpit, folder, log):
    said = cockpit("import", "train.log")
    assert said.code == 0, said
    assert "printed, imported as exp001-train: 1 run, 2 steps, 1 evaluation" in said.out
    assert "1 line of 4 with numbers not understood:\n        1  reading 3 files\n" in said.out
    assert "## exp001 · train" in (folder / "logs" / "diary.md").read_text()
    assert "0.7000" in cockpit("show", "exp001").out
    assert "0.4000" in cockpit("steps", "exp001/t000").out
    assert "train" in cockpit("ls").out
    again = cockpit("import", "train.log")
    assert again.code == 0 and "is exp001-train already; nothing was changed" in again.out


def test_json_is_one_document(cockpit, log):
    (one,) = json.loads(cockpit("import", "--json", "train.log").out)
    assert one["path"] == str(log) and one["format"] == "printed" and one["experiment"] == "exp001"
    assert one["already"] is False and (one["steps"], one["evaluations"], one["norms"], one["scores"]) == (2, 1, 0, 0)
    assert one["runs"] == [{"trial": "t000", "label": "", "steps": 2, "evaluations": 1, "norms": 0}]
    assert one["unread"] == [{"line": 1, "text": "reading 3 files"}] and one["lines"] == 4
    (again,) = json.loads(cockpit("import", "--json", "train.log").out)
    assert again == {**one, "already": True}


def test_a_folder_is_looked_through(cockpit, folder, log):
    deep = folder / "runs" / "deep"
    deep.mkdir(parents=True)
    (deep / "a.log").write_text(LOG)
    (deep / "b.log").write_text(LOG.replace("0.7", "0.8"))
    (deep / ".hidden.log").write_text(LOG.replace("0.7", "0.9"))
    (deep / "picture.bin").write_bytes(bytes(range(256)) * 8)
    said = cockpit("import", "runs")
    assert said.code == 0 and [run.name for run in experiments(folder / "logs")] == ["exp001-a", "exp002-b"]
    assert "not recognised:" in said.out and "picture.bin" in said.out


def test_names_and_metrics_of_the_users_own(cockpit, log):
    assert cockpit("import", "train.log", "--name", "mine", "--metric", "loss").code == 0
    document = json.loads(cockpit("show", "exp001", "--json").out)
    assert (document["metric"], document["trials"][0]["best"]) == ("loss", 0.4)


def test_a_metric_that_no_run_has_is_refused_with_those_that_there_are(cockpit, folder, log):
    said = cockpit("import", "train.log", "--metric", "auc")
    assert said.code != 0 and said.err == f"cockpit: {log}: no run was evaluated by auc; it has acc\n"
    assert experiments(folder / "logs") == []


def test_what_authors_say_of_runs_is_shown(cockpit, folder):
    banner = "--- Starting trial: run-{}\n"
    (folder / "two.log").write_text(banner.format(0) + LOG + banner.format(1) + LOG)
    cockpit("import", "two.log")
    assert "run-1" in cockpit("show", "exp001").out
    assert "label        run-1" in cockpit("show", "exp001/t001").out
    trials = json.loads(cockpit("show", "exp001", "--json").out)["trials"]
    assert [trial["label"] for trial in trials] == ["run-0", "run-1"]


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("nowhere.log",), "nowhere.log: no such file or folder"),
        (("train.log", "--format", "odd"), "--format odd: no such format; there are "),
        (("prose.txt",), "prose.txt: no format is recognised"),
        (("--format", "printed", "prose.txt"), "prose.txt: nothing with numbers was found"),
        (("--follow", "train.log", "prose.txt"), "--follow wants one file"),
        ((), "Missing argument 'PATH …'"),
    ],
)
def test_what_cannot_be_imported_is_refused_in_one_line(cockpit, folder, log, words, problem):
    (folder / "prose.txt").write_text("It was a dark and stormy night.\n")
    said = cockpit("import", *words)
    assert said.code == 2 and problem in said.err and len(said.err.splitlines()) == 1
    assert not experiments(folder / "logs")


def test_a_log_that_is_being_written_is_seen_as_running(spawn, cockpit, folder):
    path = folder / "live.log"
    process = spawn("import", "--follow", "live.log")
    assert process.stderr.readline() == "waiting for live.log\n"
    path.write_text("epoch 0 step 1 loss: 0.5\n")
    assert process.stdout.readline() == "live.log is followed as exp001-live; Ctrl-C ends that\n"
    assert shown(cockpit)["status"] == "running"
    with path.open("a") as file:
        file.write("epoch 0 step 2 loss: 0.4\nval acc: 0.7\n")
    wait_until(lambda: shown(cockpit)["trials"][0]["best"] == 0.7)
    path.write_text("step 1 loss: 0.9\n")  # begun anew
    wait_until(lambda: len(shown(cockpit)["trials"]) == 2)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=DEADLINE)
    assert (process.returncode, err) == (0, "")
    assert "imported as exp001-live: 2 runs, 3 steps, 1 evaluation" in out
    document = shown(cockpit)
    assert document["status"] == "finished" and [trial["steps"] for trial in document["trials"]] == [2, 1]
    assert "is exp001-live already" in cockpit("import", "live.log").out


def test_following_ends_with_cockpit_stop_too(spawn, cockpit, folder, log):
    process = spawn("import", "--follow", "--json", "train.log")
    assert process.stderr.readline() == "train.log is followed as exp001-train; Ctrl-C ends that\n"
    assert cockpit("stop", "exp001").code == 0
    out, _ = process.communicate(timeout=DEADLINE)
    (one,) = json.loads(out)
    assert (process.returncode, one["experiment"], one["steps"]) == (0, "exp001", 2)


def shown(cockpit):
    return json.loads(cockpit("show", "exp001", "--json").out)


def wait_until(holds):
    deadline = time.monotonic() + DEADLINE
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)
