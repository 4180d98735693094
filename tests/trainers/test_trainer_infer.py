"""Trained weights predict what their training predicted, in a process that trains nothing."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from trainers import infer
from trainers.contract import Event, Saved
from trainers.export import extract_weights

Run = Callable[..., list[Event]]


def folder_of(out: Path, folder: Path, trainer: str, **about: Any) -> Path:
    """The weights in a folder as `cockpit kaggle dataset init --state-dict` leaves them."""
    folder.mkdir(exist_ok=True)
    state = torch.load(out / "best.pt", weights_only=True)
    extract_weights(out / "best.pt", folder / "weights.pt")
    said = {"trainer": trainer, "config": state["config"], "seed": state["config"]["seed"], "file": "weights.pt"}
    (folder / infer.ABOUT).write_text(json.dumps({**said, "metric": "auc", "best": 0.5, **about}), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("trainer", "data", "settings"),
    [
        ("toxicity", "talk", {"batch_size": 6, "tokens": 16}),
        ("audio", "sounds", {"batch_size": 8, "folds": 4, "hop": 160, "mels": 16, "seconds": 0.3, "cache": "none"}),
        ("matching", "shop", {"batch_size": 6}),
    ],
)
def test_a_submission_is_that_of_the_training(
    run: Run, request: pytest.FixtureRequest, tmp_path: Path, trainer: str, data: str, settings: dict[str, object]
) -> None:
    place = request.getfixturevalue(data)
    if trainer == "matching":
        with (place / "train.csv").open(newline="", encoding="utf-8") as stream:
            rows = [row[:-1] for row in csv.reader(stream)][:9]
        with (place / "test.csv").open("w", newline="", encoding="utf-8") as stream:
            csv.writer(stream).writerows(rows)
        (place / "test_images").symlink_to(place / "train_images")
    out = tmp_path / "out"
    events = run(trainer, {**settings, "data": str(place), "epochs": 1, "seed": 3, "out": str(out)})
    assert "submission" in {event.label for event in events if isinstance(event, Saved)}
    weights = folder_of(out, tmp_path / "weights", trainer)
    assert infer.main([str(weights), "--data", str(place), "--out", str(tmp_path / "there" / "s.csv")]) == 0
    assert (tmp_path / "there" / "s.csv").read_bytes() == (out / "submission.csv").read_bytes()
    assert [path.name for path in (tmp_path / "there").iterdir()] == ["s.csv"]


def test_what_cannot_predict_says_so_in_one_line(
    run: Run, talk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, place = tmp_path / "out", str(tmp_path / "weights")
    run("toxicity", {"data": str(talk), "epochs": 0.1, "batch_size": 6, "tokens": 16, "out": str(out)})
    settings = torch.load(out / "best.pt", weights_only=True)["config"]

    def complaint(**about: Any) -> str:
        folder_of(out, Path(place), **{"trainer": "toxicity", **about})
        assert infer.main([place, "--data", str(talk), "--out", str(tmp_path / "s.csv")]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        return line

    assert "does not fit the model" in complaint(config={**settings, "tokens": 40})
    assert "has to say `trainer`, `config` and `file`" in complaint(config=None)
    assert "toy cannot predict with weights alone" in complaint(trainer="toy", config={})
    assert "cannot be read" in complaint(file="other.pt")
    assert "wrote no submission" in complaint(config={**settings, "predict": False})
    assert not (tmp_path / "s.csv").exists()
