"""What a tool looks at, by the name of a search, a trainer or a trial."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from builders import Recorder

from cockpit.engine.subject import find_subject
from cockpit.search.errors import SearchError
from cockpit.store.folder import FolderError
from trainers.contract import InputError

AUDIO = """\
name: pitch
trainer: audio
method: random
metric: {name: lwlrap, goal: maximize}
parameters: {lr: {min: 0.001, max: 0.01}, batch_size: {value: 8}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "searches").mkdir()
    (tmp_path / "searches" / "pitch.yaml").write_text(AUDIO)
    return tmp_path


def found(name: str, folder: Path):
    return find_subject(name, folder / "logs", folder)


def trained(folder: Path, search: str = AUDIO, **config: object) -> None:
    recorder = Recorder(folder / "logs", "exp001-pitch", trainer="audio", metric="lwlrap")
    recorder.run.search.write_text(search)
    recorder.trial(0, [0.3], metric="lwlrap", config={"lr": 0.1}).trial(1, [0.5], metric="lwlrap", config=config)
    for trial in ("t000", "t001"):
        chosen = config if trial == "t001" else {"lr": 0.1}
        recorder.run.trial(trial).config.write_text(json.dumps({**chosen, "seed": 3, "out": "/x", "resume": ""}))
    recorder.end()


def test_a_search_is_its_first_point(folder):
    subject = found("pitch", folder)
    assert (subject.name, subject.trainer, subject.run) == ("pitch", "audio", None)
    assert subject.config["batch_size"] == 8 and 0.001 <= subject.config["lr"] <= 0.01


def test_a_search_with_a_baseline_is_that(folder):
    path = folder / "searches" / "pitch.yaml"
    path.write_text(AUDIO + "baseline: {lr: 0.004}\n")
    assert found(str(path), folder).config == {"seed": 0, "lr": 0.004, "batch_size": 8}


def test_a_trainer_is_its_defaults(folder):
    subject = found("matching", folder)
    assert (subject.name, subject.trainer, subject.config) == ("matching", "matching", {})


def test_an_experiment_is_its_best_trial_and_a_trial_itself(folder):
    trained(folder, lr=0.2)
    assert (found("exp001", folder).name, found("exp001", folder).config) == ("exp001/t001", {"lr": 0.2, "seed": 3})
    subject = found("exp001/t000", folder)
    assert (subject.trainer, subject.config["lr"], subject.trial) == ("audio", 0.1, "t000")


def test_a_search_for_a_rate_is_the_trainer_that_it_was_made_of(folder):
    trained(folder, AUDIO.replace("trainer: audio", 'trainer: "find_lr:audio"'), **{"lr_range.low": 1e-6, "mixup": 0.5})
    subject = found("exp001/t001", folder)
    assert (subject.trainer, subject.config) == ("audio", {"mixup": 0.5, "seed": 3})


def test_settings_take_the_place_of_its_own_and_are_checked(folder):
    subject = found("pitch", folder).with_settings({"batch_size": 32}, folder)
    assert (subject.config["batch_size"], subject.config["data"]) == (32, str(folder))
    with pytest.raises(InputError, match=r"audio has no parameter 'batchsize' \(did you mean 'batch_size'\?\)"):
        found("pitch", folder).with_settings({"batchsize": 32})


@pytest.mark.parametrize(
    ("name", "error", "text"),
    [
        ("nothing", InputError, "nothing is no search and no trainer; name a search, a trainer"),
        ("searches/none.yaml", SearchError, "there is no search"),
        ("exp007", FolderError, "no experiments here"),
        ("program", InputError, "program runs a program"),
    ],
)
def test_what_cannot_be_looked_at_is_said_in_one_line(folder, name, error, text):
    (folder / "searches" / "program.yaml").write_text(
        "name: program\nprogram: train.py\nmethod: grid\nparameters: {x: {value: 1}}\n"
    )
    with pytest.raises(error, match=text):
        found(name, folder)
