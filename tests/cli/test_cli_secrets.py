"""Nothing that a program prints, records or fails with takes a secret into the record, whichever way it goes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from pasted import CANARY, SECRETS, VALUES

from cockpit.events.redaction import MARK

PROGRAM = """
import json, os, subprocess, sys
for text in json.load(open("pasted.json")):
    print(text)
    print(text, file=sys.stderr)
    with open(os.environ["COCKPIT_EVENTS"], "a") as file:
        file.write(json.dumps({"kind": "note", "text": text}) + "\\n" + text.replace("\\n", " ") + "\\n")
        file.write(json.dumps({"kind": "step", "step": 1, text: 0.5, "said": text}) + "\\n")
    print(f"Train Step 1, loss: 0.5, {text}: 0.25")
os.write(2, b"half a line with " + json.load(open("pasted.json"))[0].encode())
print()
raise ValueError(json.load(open("pasted.json"))[0])
"""
TRAINER = """
import os, subprocess
from trainers.contract import Built, Step, Trainer, TrainerConfig

def train(config, device):
    yield Built(effective={{"x": 1}}, total_steps=9)
    for text in {secrets!r}:
        os.write(1, text.encode() + b"\\n")
        subprocess.run(["printf", "%s\\n", text])
        print(text)
        yield Step("train", 0, 1, {{"loss": 0.5}}, 0.0)
    raise RuntimeError({secrets!r}[0])

TRAINER = Trainer(
    name="careless", summary="prints what it should not", config=TrainerConfig, recipe="lab.careless:train",
    metrics={{"score": "maximize"}}, uses_torch=False,
)
"""


class Recorded(NamedTuple):
    logs: Path
    out: str
    err: str


def cockpit(folder: Path, *words: str) -> Recorded:
    environment = {**os.environ, "XDG_STATE_HOME": str(folder / "state"), "WANDB_API_KEY": CANARY}
    done = subprocess.run(
        [sys.executable, "-m", "cockpit", *words], cwd=folder, env=environment, capture_output=True, text=True,
        check=False, timeout=60,
    )  # fmt: skip
    return Recorded(folder / "logs", done.stdout, done.stderr)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """A program that tells all of them, and fails with one."""
    folder = tmp_path_factory.mktemp("told")
    (folder / "pasted.json").write_text(json.dumps([text for text, _ in SECRETS.values()]))
    (folder / "careless.py").write_text(PROGRAM)
    recorded = cockpit(folder, "run", "--", sys.executable, "careless.py")
    return Recorded(folder / "logs", recorded.out, recorded.err + cockpit(folder, "show", "latest", "--json").out)


def files_of(logs: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in logs.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", SECRETS)
def test_a_program_that_prints_it_leaves_none_in_the_folder(told: Recorded, name: str) -> None:
    text, _ = SECRETS[name]
    values = [value.encode() for value in VALUES if value in text]
    found = [path.name for path, data in files_of(told.logs).items() if any(value in data for value in values)]
    assert values
    assert found == []


def test_the_screen_gets_none_either_and_the_rest_is_there(told: Recorded) -> None:
    assert CANARY not in told.out + told.err
    assert MARK in told.out
    output = next(told.logs.glob("*/trials/t000/output.log")).read_text()
    assert output.count("Train Step 1, loss: 0.5, ") == len(SECRETS)
    assert told.out == output


def test_secrets_of_the_command_line_are_refused(tmp_path: Path) -> None:
    recorded = cockpit(tmp_path, "run", "--", "echo", "--api-key", CANARY)
    assert "holds a secret" in recorded.err
    assert CANARY not in recorded.err
    assert not recorded.logs.exists() or not any(CANARY.encode() in data for data in files_of(recorded.logs).values())


def test_what_goes_past_python_is_masked_in_place(tmp_path: Path) -> None:
    texts = [text for text, _ in SECRETS.values()]
    (tmp_path / "lab").mkdir()
    (tmp_path / "lab" / "careless.py").write_text(TRAINER.format(secrets=texts))
    (tmp_path / "s.yaml").write_text(
        "trainer: lab.careless\nname: s\nengine: local\nmethod: grid\nmetric: {name: score, goal: maximize}\n"
        "parameters: {seed: {values: [0]}}\n"
    )
    cockpit(tmp_path, "sweep", "s.yaml")
    (output,) = (tmp_path / "logs").glob("*/trials/t000/output.log")
    assert output.read_text().count(MARK) >= 3 * len(texts)
    found = {
        path.name for path, data in files_of(tmp_path / "logs").items() for value in VALUES if value.encode() in data
    }
    assert found == set()
