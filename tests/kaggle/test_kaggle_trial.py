"""One trial is pushed, and the weights of one, which predict a test set as they would at Kaggle."""

import io
import json
import zipfile

import pytest
import torch
from account import Competition, table
from builders import HILL, Recorder
from machine import run_at_kaggle, the_kernel

from cockpit.events.kinds import Saved
from cockpit.events.writer import EventWriter
from cockpit.search.reader import loads

QUICK = ("--settle", "0")
# Stands in for the model, whose own predictions are looked at below: it needs no torch to write a table.
PREDICTS = """
import argparse, json, pathlib
parser = argparse.ArgumentParser()
parser.add_argument("folder", type=pathlib.Path)
parser.add_argument("--data")
parser.add_argument("--out", type=pathlib.Path)
given = parser.parse_args()
assert (given.folder / "weights.pt").is_file() and (pathlib.Path(given.data) / "test.csv").is_file()
given.out.write_text(json.loads((given.folder / "cockpit.json").read_text())["config"]["rows"])
print("predicted")
"""
SAMPLE = table(["id", "y"], [[1, 0.5], [2, 0.5]])


@pytest.fixture(autouse=True)
def ready(service):
    service.account.dataset_looks = 0
    return service


@pytest.fixture
def trained(tmp_path):
    """A function that records an experiment whose trial wrote a checkpoint and, maybe, a submission."""

    def make(labels=("best", "submission"), name="exp001-shop", layer="w", **config):
        recorder = Recorder(tmp_path / "logs", name)
        recorder.trial(1, [0.8], config={"x": 0.25, "epochs": 2.0, **config})
        folder = recorder.run.trial("t001").path
        torch.save({"model": {layer: torch.ones(3)}, "optimizer": {"lr": 0.1}}, folder / "best.pt")
        writer = EventWriter(folder / "events.jsonl")
        for label in labels:
            writer.write(Saved(path="best.pt" if label == "best" else f"{label}.csv", step=1, label=label))
        writer.close()
        (recorder.run.path / "search.yaml").write_text(HILL)
        return recorder.end()

    return make


def code_of(service):
    (bundle,) = (one for ref, one in service.account.datasets.items() if "cockpit-code" in ref)
    return zipfile.ZipFile(io.BytesIO(bundle.files["code.zip"]))


def test_a_trial_is_pushed_with_its_settings_and_its_seed(cockpit, trained, service):
    trained()
    assert cockpit("kaggle", "push", "exp001/t001", *QUICK).code == 0
    ref, _ = the_kernel(service)
    assert ref.startswith("alice/cockpit-exp001-t001-")
    with code_of(service) as code:
        search = loads(code.read("pushed/exp001-t001.yaml").decode())
    assert dict(search.fixed) == {"x": 0.25, "epochs": 2.0}
    assert (search.varied, search.seed, search.trainer, search.method) == ({}, 1, "toy", "grid")
    assert cockpit("kaggle", "push", "exp001/t001", *QUICK, "--json").document["new"] is False
    assert service.count("SaveKernel") == 1


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("exp001/t009",), "t009"),
        (("exp002/t001",), "was not run from a search"),
        (("exp001/t001", "--infer", "--epochs", "3"), "--infer trains nothing"),
        (("exp002/t001", "--infer"), "wrote no submission"),
        (("exp003/t001", "--infer"), "has no file best"),
    ],
)
def test_what_cannot_be_pushed_is_one_line(cockpit, trained, service, words, complaint):
    trained()
    (trained(["best"], "exp002-shop").path / "search.yaml").unlink()
    trained(["submission"], "exp003-shop")
    answer = cockpit("kaggle", "push", *words)
    assert (answer.code != 0, complaint in answer.err) == (True, True), answer
    assert service.count("StartBlobUpload") == 0


def test_weights_go_up_once_alone_and_without_secrets(cockpit, trained, service):
    trained()
    trained(name="exp002-shop", layer=f"hf_{'a1B2' * 8}")
    shown = cockpit("kaggle", "push", "exp001", "--infer", "--dry-run", "--json").document
    assert shown["weights_files"] == ["cockpit.json", "weights.pt"]
    assert "Hugging Face token" in cockpit("kaggle", "push", "exp002", "--infer", *QUICK).err
    assert service.count("StartBlobUpload") == 0
    told = cockpit("kaggle", "push", "exp001", "--infer", *QUICK)
    ref, _ = the_kernel(service)
    assert f"submit exp001/t001 -c COMPETITION -k {ref} -v 1" in told.out
    (weights,) = (one for ref, one in service.account.datasets.items() if "cockpit-weights" in ref)
    assert weights.private
    kept = torch.load(io.BytesIO(weights.files["weights.pt"]), weights_only=True)
    assert list(kept) == ["w"]
    assert json.loads(weights.files["cockpit.json"])["seed"] == 1
    assert cockpit("kaggle", "push", "exp001", "--infer", "--again", *QUICK).code == 0
    assert (service.count("CreateDataset"), len(service.account.kernels)) == (2, 2)


@pytest.fixture
def predicting(cockpit, trained, service, tmp_path):
    """A function that pushes a prediction of these rows, and runs it on a machine of its own."""

    def run(rows):
        (tmp_path / "trainers").mkdir(exist_ok=True)
        (tmp_path / "trainers" / "infer.py").write_text(PREDICTS)
        trained(rows=rows)
        files = {"test.csv": b"id\n1\n2\n", "sample_submission.csv": SAMPLE}
        service.account.competitions["titanic"] = Competition(files=files, looks_left=0, scores=["0.5"])
        words = ("--infer", "-c", "titanic", "--include", "trainers/infer.py", *QUICK)
        assert cockpit("kaggle", "push", "exp001", *words).code == 0
        return run_at_kaggle(service, tmp_path / "machine")

    return run


def test_a_prediction_is_checked_there_followed_and_submitted(cockpit, predicting, service):
    done = predicting("id,y\n1,0.1\n2,0.9\n")
    assert done.returncode == 0, done.stderr
    ref, kernel = the_kernel(service)
    assert sorted(kernel.files) == ["SHA256SUMS", "submission.csv"]
    followed = cockpit("kaggle", "follow")
    assert (followed.code, followed.out.splitlines()[-1]) == (0, f"{ref}: complete")
    assert "submission.csv: 2 rows and 2 columns, as in sample_submission.csv" in followed.out
    answer = cockpit("kaggle", "submit", "exp001/t001", "-c", "titanic", "-k", ref, "-v", "1", "--every", "0", *QUICK)
    assert "submission.csv: 2 rows, 2 columns as in sample_submission.csv" in answer.out
    assert answer.out.splitlines()[-1] == "exp001: LB 0.5; it stands in the diary"


def test_a_prediction_that_is_none_fails_there_in_one_line(cockpit, predicting, service):
    done = predicting("id,y\n1,0.1\n2,nan\n")
    assert done.returncode == 2
    _, kernel = the_kernel(service)
    kernel.status = "ERROR"
    followed = cockpit("kaggle", "follow", "--json")
    said = json.loads(followed.out)
    assert (followed.code, said["state"], said["experiment"]) == (1, "error", None)
    assert "line 3 (id 2): y is 'nan', no finite number" in said["failure"]


@pytest.mark.slow
def test_weights_predict_there_what_their_training_predicted_here(cockpit, service, tmp_path):
    """A trial that really learns, its weights at Kaggle without a network, and the trial once more over there."""
    assert cockpit("sweep", "toxicity", "--trials", "1", "--epochs", "0.1", "--engine", "local").code == 0
    assert cockpit("kaggle", "push", "exp001", "--infer", *QUICK).code == 0
    done = run_at_kaggle(service, tmp_path / "machine", unpacked=True)
    assert done.returncode == 0, done.stderr
    _, kernel = the_kernel(service)
    trial = tmp_path / "logs" / "exp001-toxicity" / "trials" / "t000"
    assert kernel.files["submission.csv"] == (trial / "submission.csv").read_bytes()
    service.account.kernels.clear()
    assert cockpit("kaggle", "push", "exp001/t000", *QUICK).code == 0
    assert run_at_kaggle(service, tmp_path / "again").returncode == 0
    assert cockpit("kaggle", "follow", "--json").document["experiment"] == "exp002"
    bests = [cockpit("show", name, "--json").document["trials"][0]["best"] for name in ("exp001", "exp002")]
    assert bests[0] == bests[1]
