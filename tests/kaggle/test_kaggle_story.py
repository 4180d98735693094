"""The whole loop, as a person goes through it, with a trainer that really learns."""

import csv

import pytest
from account import Competition, table
from machine import run_at_kaggle

from cockpit.store.folder import RunFolder
from cockpit.store.scores import scores

QUICK = ("--settle", "0")


@pytest.mark.slow
def test_the_loop_from_data_to_the_score_in_the_diary(cockpit, service, tmp_path):
    service.account.dataset_looks = 0
    done = cockpit("kaggle", "push", "toxicity", "--trials", "2", "--epochs", "0.1", "--timeout", "1h", *QUICK)
    assert done.code == 0, done
    ran = run_at_kaggle(service, tmp_path / "machine", unpacked=True)
    assert ran.returncode == 0, ran.stderr
    assert cockpit("kaggle", "follow").code == 0
    pulled = cockpit("kaggle", "pull", "exp001", "--json").document
    assert pulled["differing"] == []
    trial = RunFolder(tmp_path / "logs" / "exp001-toxicity").trial("t001").path
    assert (trial / "best.pt").is_file()
    merged = cockpit("blend", "exp001/t000", "exp001/t001", "--method", "mean", "--json").document
    assert merged["experiment"] == "exp002"

    with (trial / "submission.csv").open(newline="") as stream:
        header, *rows = csv.reader(stream)
    sample = table(header, [[row[0], *["0.5"] * (len(row) - 1)] for row in rows])
    files = {"sample_submission.csv": sample}
    service.account.competitions["toxic"] = Competition(files=files, scores=["0.91234"], private="0.9")
    assert cockpit("kaggle", "prepare", "toxic").code == 0
    assert cockpit("kaggle", "dataset", "init", "exp001", "--id", "alice/toxic-best", "-o", "up").code == 0
    assert cockpit("kaggle", "dataset", "create", "up", "--wait").out.endswith("ready\n")
    assert cockpit("kaggle", "dataset", "version", "up", "-m", "again").code == 0
    answer = cockpit("kaggle", "submit", "exp001", "-c", "toxic", "--every", "0", *QUICK)
    assert answer.out.splitlines()[-1] == "exp001: LB 0.91234 · private LB 0.9; it stands in the diary"
    known = scores(RunFolder(tmp_path / "logs" / "exp001-toxicity"))
    assert [(one.value, one.private) for one in known] == [(0.91234, False), (0.9, True)]
    entry = cockpit("diary", "exp001").out
    assert "LB 0.91234" in entry and "CV−LB" in entry
