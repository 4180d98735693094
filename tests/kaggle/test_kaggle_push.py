"""A search is pushed, runs for real as it would at Kaggle, is followed, and comes home."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from account import Dataset
from builders import HILL
from machine import run_at_kaggle, the_kernel

from cockpit.kaggle import runner
from cockpit.kaggle.errors import RefusedError
from cockpit.kaggle.following import Record
from cockpit.kaggle.intents import Ledger
from cockpit.kaggle.marked import MARK, Lines, parsed
from cockpit.kaggle.pushing import Wanted, plan, script
from cockpit.kaggle.receipts import mismatch

QUICK = ("--settle", "0")


@pytest.fixture(autouse=True)
def search(tmp_path):
    (tmp_path / "hill.yaml").write_text(HILL)
    return tmp_path / "hill.yaml"


@pytest.fixture
def ready(service):
    """Datasets are ready at once."""
    service.account.dataset_looks = 0
    return service


def test_a_search_is_pushed_runs_is_followed_and_comes_home(cockpit, ready, tmp_path):
    ready.account.datasets["alice/extra"] = Dataset("extra", True, {"a.csv": b"1"}, [""], looks_left=0)
    words = ("-a", "NvidiaTeslaT4", "-d", "alice/extra", *QUICK)
    answer = cockpit("kaggle", "push", "hill.yaml", "--trials", "3", *words)
    assert answer.code == 0, answer
    ref, kernel = the_kernel(ready)
    assert answer.out == f"{ref}: pushed\n"
    assert kernel.body["machineShape"] == "NvidiaTeslaT4"
    assert (kernel.body["enableGpu"], kernel.body["isPrivate"], kernel.body["enableInternet"]) == (True, True, False)
    assert kernel.body["sessionTimeoutSeconds"] == 9 * 3600
    assert "dockerImage" not in kernel.body
    done = run_at_kaggle(ready, tmp_path / "machine")
    assert done.returncode == 0, done.stderr
    receipt = parsed(done.stdout.splitlines()[0])
    assert (receipt["device"], receipt["asked"]) == ("cpu", "NvidiaTeslaT4")
    assert Path(receipt["data"]["extra"]).parts[-5:] == ("kaggle", "input", "datasets", "alice", "extra")
    kernel.cuts = [len(kernel.log) // 2]

    followed = cockpit("kaggle", "follow", "--json")
    said = json.loads(followed.out)
    assert (said["experiment"], said["state"]) == ("exp001", "complete")
    assert followed.code == 1  # it asked for a GPU
    assert said["mismatch"] == "asked for NvidiaTeslaT4, got cpu"
    assert "asked for NvidiaTeslaT4, got cpu: stop it?" in followed.err
    assert cockpit("kaggle", "status", "exp001", "--json").document["kernel"] == ref
    assert cockpit("kaggle", "cancel", "exp001").out == f"{ref}: complete\n"
    printed = cockpit("kaggle", "logs", "exp001").out.splitlines()
    assert printed[0].startswith(f'{MARK}{{"kind": "receipt"')
    assert not any('"kind": "line"' in line for line in printed)
    listed = cockpit("ls").out.splitlines()[-1].split()
    assert listed[:4] == ["exp001", "hill", "✓", "finished"]
    heard = cockpit("show", "exp001", "--json").document
    assert len(heard["trials"]) == 3
    assert not (tmp_path / "logs" / "exp001-hill" / "search.yaml").exists()

    pulled = cockpit("kaggle", "pull", "exp001", "--json").document
    assert (pulled["differing"], pulled["streamed"]) == ([], pulled["written"])
    home = cockpit("show", "exp001", "--json").document
    assert home.pop("provenance")["code"] and heard.pop("provenance") is None  # which comes as a file
    assert home == heard
    assert (tmp_path / "logs" / "exp001-hill" / "search.yaml").exists()
    assert not list((tmp_path / "logs").glob(".pulled*"))
    assert "exp001" in (tmp_path / "logs" / "diary.md").read_text()
    again = cockpit("kaggle", "follow", "--json")
    assert json.loads(again.out)["experiment"] == "exp001"
    again_home = cockpit("show", "exp001", "--json").document
    assert {**again_home, "provenance": None} == {**heard, "provenance": None}


def test_a_run_that_breaks_is_no_experiment_that_still_runs(cockpit, ready):
    cockpit("kaggle", "push", "hill.yaml", "--trials", "2", *QUICK)
    _, kernel = the_kernel(ready)
    record = [
        '{"kind":"sweep_started","experiment":"exp001","search":"hill","metric":"score","host":"there"}',
        '{"kind":"trial_started","trial":"t000","config":{}}',
    ]
    told = [MARK + json.dumps({"kind": "line", "file": "sweep.jsonl", "line": line}) + "\n" for line in record]
    kernel.log = [{"stream_name": "stdout", "time": 0.0, "data": line} for line in ["hello\n", *told]]
    kernel.status, kernel.failure = "ERROR", "Your notebook tried to allocate more memory than is available"
    answer = cockpit("kaggle", "follow")
    assert answer.code == 1
    assert answer.out.splitlines()[0] == "hello"
    assert answer.out.splitlines()[-1].endswith("error Your notebook tried to allocate more memory than is available")
    shown = cockpit("show", "exp001", "--json").document
    assert shown["status"] == "interrupted"
    assert "was not pushed from here" in cockpit("kaggle", "follow", "alice/other").err
    assert "no record of a sweep" in cockpit("kaggle", "pull", "exp001").err


def test_the_same_push_is_made_once(cockpit, ready):
    words = ("kaggle", "push", "hill.yaml", "--trials", "1", *QUICK)
    ready.fault("SaveKernel", "reset", after=True)
    assert cockpit(*words, "--json").document["new"] is True
    assert cockpit(*words, "--json").document["new"] is False
    assert ready.count("SaveKernel") == 1
    assert cockpit(*words, "--again", "--json").document["new"] is True
    assert (len(ready.account.kernels), ready.count("CreateDataset")) == (2, 1)


def test_a_push_that_is_refused_or_goes_without_its_data_says_so(cockpit, ready):
    ready.account.push_error = "Maximum batch GPU session count of 2 reached."
    words = ("kaggle", "push", "hill.yaml", "--trials", "1", *QUICK)
    answer = cockpit(*words)
    assert (answer.code, "Maximum batch GPU session count" in answer.err) == (1, True)
    ready.account.push_error = ""
    ready.account.invalid = {"invalidDatasetSources": ["alice/gone"]}
    answer = cockpit(*words)
    assert (answer.code, "started without some of its data" in answer.err) == (1, True)


def test_nothing_goes_up_in_a_dry_run_and_all_of_it_is_shown(cockpit, ready, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "net.py").write_text("x = 1\n")
    document = cockpit("kaggle", "push", "hill.yaml", "--include", "mine", "--dry-run", "--json").document
    assert document["files"] == ["cockpit-code.json", "code.zip"]
    assert {"pushed/hill.yaml", "mine/net.py", "cockpit/cli/main.py", "trainers/toy.py"} <= set(document["code"])
    assert "json.loads(" in document["script"]
    assert ready.count("StartBlobUpload") == 0
    (tmp_path / "mine" / "net.py").write_text(f"key = 'hf_{'a1B2' * 8}'\n")
    assert "Hugging Face token" in cockpit("kaggle", "push", "hill.yaml", "--include", "mine", "--dry-run").err


@pytest.mark.parametrize("name", ["NvidiaTeslaP100", "TpuV38"])
def test_what_kaggle_has_no_more_is_not_asked_for(tmp_path, search, name):
    with pytest.raises(RefusedError, match="has it no more"):
        plan("alice", Ledger(tmp_path), Wanted(search, accelerator=name), tmp_path / "b")


def test_another_machine_than_was_asked_for_is_told():
    assert mismatch({"asked": "TpuV5E8", "device": "cpu"}) == "asked for TpuV5E8, got cpu"
    assert mismatch({"asked": "TpuV5E8", "device": "tpu"}) == ""
    assert mismatch({"asked": "", "device": "gpu"}) == ""
    assert mismatch({"asked": "SomethingNew", "device": "cpu"}) == ""


def test_the_runner_needs_the_standard_library_only_and_ends_without_its_code(tmp_path):
    orders = {"task": "sweep", "code": "x", "search": "s", "arguments": [], "accelerator": "", "control": ""}
    orders |= {"mounts": ["titanic"], "data": "titanic"}
    (tmp_path / "script.py").write_text(script(orders))
    environment = {"PATH": os.environ["PATH"], "COCKPIT_KAGGLE_ROOT": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-S", "-I", tmp_path / "script.py"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, "not mounted" in done.stderr) == (2, True)
    receipt = parsed(done.stdout.splitlines()[0])
    assert (receipt["code"], receipt["data"]) == (None, {"titanic": None})
    assert MARK == runner.MARK


def test_a_log_in_odd_pieces_is_lines():
    lines, found = Lines(), []
    for piece in ("a", "b\nc\r\n", "", "d\ne"):
        found += lines.feed({"data": piece})
    assert (found, list(lines.last())) == (["ab", "c", "d"], ["e"])
    assert parsed(f"{MARK}[1]") is None
    assert parsed(f"{MARK}{{torn") is None


def test_lines_that_are_of_no_record_are_left_out(tmp_path):
    record = Record(tmp_path)
    started = '{"kind":"sweep_started","experiment":"exp007","search":"hill"}'
    assert not record.add("sweep.jsonl", '{"kind":"trial_started","trial":"t000"}')
    assert record.run is None
    assert record.add("sweep.jsonl", started)
    assert not record.add("../../evil.jsonl", started)
    assert not record.add("trials/../../../evil/events.jsonl", started)
    assert record.add("trials/t000/events.jsonl", '{"kind":"note","text":"hm"}')
    record.show()
    assert sorted(path.name for path in tmp_path.rglob("*.jsonl")) == ["events.jsonl", "sweep.jsonl"]
    assert json.loads(record.run.sweep.read_text())["experiment"] == "exp001"


def test_a_follower_that_was_killed_goes_on_without_a_line_twice(tmp_path):
    started = '{"kind":"sweep_started","experiment":"exp007","search":"hill"}'
    notes = [json.dumps({"kind": "note", "text": str(number)}) for number in range(50)]
    record = Record(tmp_path)
    record.add("sweep.jsonl", started)
    for note in notes[:20]:
        record.add("trials/t000/events.jsonl", note)
    record.flush()
    file = record.run.path / "trials" / "t000" / "events.jsonl"
    with file.open("ab") as torn:
        torn.write(b'{"kind":"no')
    again = Record(tmp_path, record.run)
    again.add("sweep.jsonl", started)
    for note in notes:
        again.add("trials/t000/events.jsonl", note)
    again.end("interrupted", "gone")
    again.flush()
    assert file.read_text().splitlines() == notes
    assert [json.loads(line)["kind"] for line in record.run.sweep.read_text().splitlines()] == [
        "sweep_started",
        "sweep_ended",
    ]


@pytest.mark.slow
def test_a_long_run_arrives_whole_and_once_through_three_cuts(cockpit, ready, tmp_path):
    """100,000 lines of a record, one event of the log each."""
    cockpit("kaggle", "push", "hill.yaml", "--trials", "1", *QUICK)
    _, kernel = the_kernel(ready)
    record = [("sweep.jsonl", '{"kind":"sweep_started","experiment":"exp001","search":"hill","metric":"score"}')]
    record.append(("sweep.jsonl", '{"kind":"trial_started","trial":"t000","config":{}}'))
    steps = [f'{{"kind":"step","phase":"train","epoch":0,"step":{n},"loss":0.5}}' for n in range(1, 100_001)]
    record += [("trials/t000/events.jsonl", step) for step in steps]
    record.append(("sweep.jsonl", '{"kind":"sweep_ended","status":"finished"}'))
    told = [MARK + json.dumps({"kind": "line", "file": file, "line": line}) + "\n" for file, line in record]
    kernel.log = [{"stream_name": "stdout", "time": n / 100, "data": line} for n, line in enumerate(told)]
    kernel.status, kernel.cuts = "RUNNING", [30_000, 45_000, 90_001]
    began = time.monotonic()
    assert cockpit("kaggle", "follow", "--json").document["experiment"] == "exp001"
    print(f"100,000 events through three cuts in {time.monotonic() - began:.1f} s")
    file = tmp_path / "logs" / "exp001-hill" / "trials" / "t000" / "events.jsonl"
    assert file.read_text().splitlines() == steps


def test_a_record_that_is_found_in_the_middle_is_told_from_its_beginning(tmp_path, monkeypatch):
    """What comes before a sweep's first line belongs to no experiment at home; what comes last says that all came."""
    run = tmp_path / "exp001-hill"
    (run / "trials" / "t000").mkdir(parents=True)
    (run / "sweep.jsonl").write_text("began\nended\n")
    (run / "trials" / "t000" / "events.jsonl").write_text("step\nhal")
    told = []
    monkeypatch.setattr(runner, "put", lambda text: told.extend(parsed(line)["line"] for line in text.splitlines()))
    record = runner.Record(tmp_path)
    record.tell()
    with (run / "sweep.jsonl").open("a") as ledger:
        ledger.write("again\n")
    record.tell()
    assert told == ["began", "step", "ended", "again"]
