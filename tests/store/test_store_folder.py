"""Names and places in a logs folder, and claiming the next number."""

import subprocess
import sys
import threading

import pytest

from cockpit.store.folder import FolderError, RunFolder, claim, experiments, find_experiment, find_trial, slug


def error_of(call, *arguments):
    with pytest.raises(FolderError) as caught:
        call(*arguments)
    text = str(caught.value)
    assert "\n" not in text
    return text


@pytest.fixture
def logs(tmp_path):
    """Three experiments; the middle one has two trials."""
    for name in ("exp001-first", "exp012-arcface", "exp013-last"):
        (tmp_path / name / "trials").mkdir(parents=True)
    for trial in ("t000", "t001", "notes"):
        (tmp_path / "exp012-arcface" / "trials" / trial).mkdir()
    return tmp_path


def test_claimed_folders_count_up_and_are_ready_for_trials(tmp_path):
    runs = [claim(tmp_path / "logs", "arcface") for _ in range(3)]
    assert [run.name for run in runs] == ["exp001-arcface", "exp002-arcface", "exp003-arcface"]
    assert all(run.trials.is_dir() for run in runs)
    assert [entry.name for entry in (tmp_path / "logs").iterdir() if entry.name.startswith(".")] == []


def test_a_claim_goes_on_after_the_highest_number(logs):
    assert claim(logs, "x").id == "exp014"
    (logs / "exp1200-big" / "trials").mkdir(parents=True)
    assert claim(logs, "x").id == "exp1201"


def test_threads_never_claim_the_same_number(tmp_path):
    runs, barrier = [], threading.Barrier(8)

    def work(name):
        barrier.wait()
        runs.extend(claim(tmp_path, name) for _ in range(5))

    threads = [threading.Thread(target=work, args=(f"s{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(run.id for run in runs) == [f"exp{number:03d}" for number in range(1, 41)]
    assert len(experiments(tmp_path)) == 40


def test_processes_never_claim_the_same_number(tmp_path):
    program = (
        "import sys; from pathlib import Path; from cockpit.store.folder import claim\n"
        "print(*(claim(Path(sys.argv[1]), sys.argv[2]).id for _ in range(20)))"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", program, tmp_path, name], stdout=subprocess.PIPE, text=True)
        for name in ("one", "two", "three")
    ]
    ids = [word for process in started for word in process.communicate()[0].split()]
    assert len(set(ids)) == len(ids) == 60


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("a b/c\\d", "exp001-a_b_c_d"),
        ("../../etc", "exp001-etc"),
        ("größe", "exp001-größe"),
        ("\x1b[31m\n", "exp001-31m"),
        ("", "exp001"),
        ("...", "exp001"),
        ("x" * 200, "exp001-" + "x" * 60),
    ],
)
def test_odd_names_become_plain_folder_names(tmp_path, name, folder):
    run = claim(tmp_path, name)
    assert run.name == folder
    assert run.path.parent == tmp_path
    assert find_experiment(tmp_path, "exp001") == run


def test_slug_of_a_plain_name_is_that_name():
    assert slug("arcface_v2.1-b") == "arcface_v2.1-b"


@pytest.mark.parametrize("below", ["", "deeper"])
def test_a_file_in_place_of_the_logs_folder_is_one_line(tmp_path, below):
    (tmp_path / "logs").write_text("a file")
    text = error_of(claim, tmp_path / "logs" / below, "x")
    assert "a file is in its place" in text
    assert "--logs" in text


def test_only_folders_that_are_experiments_count(logs):
    (logs / "exp099-file").write_text("")
    for name in ("exp1", "experiment", "notes", ".exp020.claim"):
        (logs / name).mkdir()
    assert [run.id for run in experiments(logs)] == ["exp001", "exp012", "exp013"]


def test_experiments_are_in_order_of_their_numbers(tmp_path):
    for name in ("exp1000-b", "exp999-a", "exp002"):
        (tmp_path / name).mkdir()
    assert [run.id for run in experiments(tmp_path)] == ["exp002", "exp999", "exp1000"]


@pytest.mark.parametrize("name", ["exp012", "exp012-arcface"])
def test_an_experiment_is_found_by_id_and_by_full_name(logs, name):
    assert find_experiment(logs, name) == RunFolder(logs / "exp012-arcface")


def test_latest_is_the_highest_number(logs):
    assert find_experiment(logs, "latest").id == "exp013"


def test_an_unknown_experiment_names_the_newest(logs):
    text = error_of(find_experiment, logs, "exp500")
    assert "exp500: no such experiment" in text
    assert "exp013" in text
    assert "cockpit ls" in text


def test_an_empty_logs_folder_says_how_to_begin(tmp_path):
    assert "cockpit sweep demo" in error_of(find_experiment, tmp_path / "none", "latest")


def test_a_trial_is_found_by_experiment_and_id(logs):
    assert find_trial(logs, "exp012/t001") == (RunFolder(logs / "exp012-arcface"), "t001")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("exp012", "write it as exp012/t000"),
        ("exp012/t009", "it has t000 to t001"),
        ("exp012/notes", "it has t000 to t001"),
        ("exp013/t000", "it has no trials yet"),
        ("exp404/t000", "no such experiment"),
    ],
)
def test_an_unknown_trial_says_what_there_is(logs, name, says):
    assert says in error_of(find_trial, logs, name)


def test_trial_ids_are_in_order_of_their_numbers(logs):
    run = RunFolder(logs / "exp013-last")
    for name in ("t1000", "t999", "t000"):
        (run.trials / name).mkdir()
    assert run.trial_ids() == ["t000", "t999", "t1000"]
