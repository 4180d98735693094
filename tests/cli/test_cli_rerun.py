"""`cockpit rerun` from the outside: what it says, how it exits, and what stands in the record."""

from __future__ import annotations

import json
import shutil
import sys

import pytest
from builders import Recorder

from cockpit.checks.kept import looks
from cockpit.store.folder import RunFolder

PYTHON = (sys.executable, "-S")
PROGRAM = "print('Train Step 1, loss: 0.5, lr: 0.1, time: 1.0'); print('val_acc: 0.25')"


@pytest.fixture
def swept(folder, recorded):
    """A folder with a sweep that was really run."""
    shutil.copytree(recorded, folder / "logs")
    return folder / "logs"


def test_the_same_numbers_are_exit_code_0_and_stand_in_the_diary(answer, swept):
    said = answer("rerun", "exp001/t000")
    assert said.code == 0, said
    assert "the code is not what it was" not in said.err
    first, second = said.out.splitlines()[:2]
    assert first == "exp002-rerun_exp001_t000: Does exp001/t000 come out the same?"
    assert second.startswith("exp001/t000 again as exp002: same: ")
    assert second.endswith(" numbers to the bit, up to step 60")
    (finding,) = looks(RunFolder(swept / "exp002-rerun_exp001_t000"))["t000"].findings
    assert (finding.check, finding.level) == ("rerun", "ok")
    assert "- run again: same: " in (swept / "diary.md").read_text()
    assert "rerun of  exp001/t000" in answer("show", "exp002").out


def test_other_numbers_are_exit_code_1_and_json_has_the_first_and_what_changed(answer, folder):
    (folder / "train.py").write_text(PROGRAM)
    assert answer("run", "--", *PYTHON, "train.py", "--lr", "0.1").code == 0
    (folder / "train.py").write_text(PROGRAM.replace("0.25", "0.26"))
    said = answer("rerun", "latest/t000", "--json")
    document = json.loads(said.out)
    assert said.code == 1
    assert said.err == "cockpit: the code is not what it was for exp001/t000, or that is not known\n"
    assert (document["trial"], document["rerun"], document["same"], document["tolerance"]) == (
        "exp001/t000", "exp002/t000", False, 0.0,
    )  # fmt: skip
    assert (document["different"], document["numbers"]) == (1, 3)
    first = document["first"]
    assert (first["table"], first["name"], first["was"], first["now"]) == ("eval", "acc", 0.25, 0.26)
    (change,) = document["changed"]
    assert change["what"] == "code" and "train.py" in change["was"] and change["was"] != change["now"]


def test_what_cannot_be_run_again_is_exit_code_2(cockpit, folder):
    Recorder(folder / "logs", engine="blend").trial(0, [0.5]).end()
    assert "exp001/t000: a trial of blend was not run from here" in cockpit("rerun", "exp001/t000").complaint
    assert "no such trial in exp001" in cockpit("rerun", "exp001/t007").complaint
    assert "not a trial" in cockpit("rerun", "exp001").complaint
