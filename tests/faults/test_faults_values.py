"""Values, lines and names that nobody should use, through the whole way from a trainer to what is shown."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sweeping import Sweep, run

from cockpit.engine.rebuild import read_events
from cockpit.events.kinds import Eval, Step
from cockpit.store.document import experiment_document
from cockpit.store.folder import slug
from cockpit.store.reader import Index

from .experiment import ROOT
from .odd_trainer import LINES, VALUES

NAMES = ["../../up", "-rf", "a\nb", "näme 'q' \"d\" 🚀", "n" * 255, " ", ".."]


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        return run(
            tmp_path_factory.mktemp("odd"),
            name="../../\x1b[31mödd\n",
            trainer="tests.faults.odd_trainer",
            method="bayes",
            parameters={"which": {"values": list(range(8))}, "prints": {"values": [False, True]}},
            baseline={"which": 0, "prints": True},
            initial=[{"which": which, "prints": False} for which in range(1, 8)],
            run_cap=11,
            concurrent=2,
        )


def test_odd_values_are_recorded_without_a_loss(odd: Sweep) -> None:
    trial = odd.by("which")[1].id
    steps = [event for event in read_events(odd.run.trial(trial).events) if isinstance(event, Step | Eval)]
    for event in steps:
        found = event.metrics
        assert all(found[name] == VALUES[name] for name in ("huge", "tiny", "whole", "yes", "none", "inf", "minus inf"))
        assert math.isnan(found["nan"])
        assert found["numpy"] == pytest.approx(0.1) and found["no dimension"] == 0.25 and found["numpy whole"] == -3
        assert found["complex"] == "1j" and found["decimal"] == "0.1" and "\x1b" not in found["text"]
        assert len(found.keys() - {"score"}) == len(VALUES), "no name takes the place of another"


def test_a_sweep_with_odd_scores_ends_and_its_best_is_a_number(odd: Sweep) -> None:
    assert odd.ending.status == "finished"
    status = {which: trial.status for which, trial in odd.by("which").items()}
    assert status[4] == status[5] == "diverged"
    assert {status[which] for which in (0, 1, 2, 3)} == {"finished"}
    assert len(odd.trials) == 11, "the sampler goes on proposing"
    with Index(odd.run) as index:
        document = experiment_document(index)
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    best = next(trial for trial in document["trials"] if trial["id"] == document["best_trial"])
    assert best["best"] == 1e308
    assert odd.run.path.parent == odd.run.path.parent.resolve() and slug(odd.run.name) == odd.run.name


def test_odd_lines_are_kept_as_they_came_and_shown_without_harm(odd: Sweep) -> None:
    output = odd.run.trial("t000").output.read_bytes()
    assert all(line in output for line in LINES.values())
    for words in (["show", "exp001/t000"], ["show", "exp001"], ["steps", "exp001/t000"], ["ls"]):
        command = [sys.executable, "-m", "cockpit", *words, "--logs", str(odd.run.path.parent)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()
        assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(done.stdout.decode()), words


@pytest.fixture
def program(tmp_path: Path) -> Any:
    """Runs a search over a program that writes down what it was given."""

    def start(name: str, **parameters: Any) -> Sweep:
        path = tmp_path / name
        path.write_text(
            "import json, os, sys\n"
            "sys.stdout.buffer.write(b'x' * 10_000_000 + b'\\n' + bytes(range(256)) + b'\\n')\n"
            "json.dump(sys.argv[1:], open(os.environ['COCKPIT_CONFIG'] + '.given', 'w'))\n"
            "print('epoch 1 acc: 0.5')\n"
        )
        command = [sys.executable, "-S", "${program}", "${args}"]
        keys: dict[str, Any] = {"trainer": None, "program": str(path), "command": command, "parameters": parameters}
        metric = {"name": "acc", "goal": "maximize"}
        return run(tmp_path / "logs", method="grid", metric=metric, name=name, **keys)

    return start


def test_odd_names_and_texts_reach_a_program_as_they_are_and_lead_nowhere(program: Any, tmp_path: Path) -> None:
    parameters = {f"p{number}": {"value": name} for number, name in enumerate(NAMES)}
    sweep = program("-odd 'q' \"d\" ü 🚀.py", one={"values": [1, 2]}, **parameters)
    assert sweep.statuses == ["finished"] * 2
    assert [trial.evaluations for trial in sweep.trials] == [(0.5,), (0.5,)]
    given = json.loads(sweep.run.trial("t000").path.joinpath("config.json.given").read_text())
    assert sorted(given) == sorted(
        [f"--{name}={setting['value']}" for name, setting in parameters.items()] + ["--one=1"]
    )
    assert {path.name for path in tmp_path.iterdir()} == {"logs", "-odd 'q' \"d\" ü 🚀.py"}
    assert sweep.run.path.parent == tmp_path / "logs"


@pytest.mark.parametrize("name", NAMES)
def test_no_name_of_a_search_leads_out_of_the_logs(name: str) -> None:
    assert Path("logs", f"exp001-{slug(name)}").parent == Path("logs")
    assert len(slug(name).encode()) <= 240 and not set(slug(name)) & set("/\n'\"")
