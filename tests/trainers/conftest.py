"""Small data and small drivers that the tests of trainers share."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from trainers import registry
from trainers.contract import Event
from trainers.devices.select import select_for

Run = Callable[..., list[Event]]


@pytest.fixture
def run() -> Run:
    """Runs a registered trainer to its end with these settings and returns all its events."""

    def run_trainer(name: str, values: Mapping[str, object] | None = None) -> list[Event]:
        trainer = registry.find(name)
        device = select_for(trainer, "cpu")
        device.setup(threads=1)
        return list(registry.load_recipe(trainer)(registry.build_config(trainer, values or {}), device))

    return run_trainer


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A data folder of 24 postings in 8 groups: coloured squares with titles, every third picture a grey PNG."""
    folder = tmp_path / "shop"
    (folder / "train_images").mkdir(parents=True)
    random = np.random.default_rng(0)
    lines = ["posting_id,image,image_phash,title,label_group"]
    for row in range(24):
        group = row // 3
        name = f"p{row}.png" if row % 3 == 0 else f"p{row}.jpg"
        shape = (20, 28) if row % 3 == 0 else (28, 20, 3)
        pixels = np.clip(random.normal(30 * group, 10, shape), 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / "train_images" / name)
        lines.append(f"post_{row},{name},0f0f,Thing number {group} in a box of {row},{1000 + group}")
    (folder / "train.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    """A data folder with the tables of Kaggle's multilingual toxicity competition, a few rows in each."""
    folder = tmp_path / "talk"
    folder.mkdir()
    auxiliary = ["severe_toxic", "obscene", "threat", "insult", "identity_hate"]

    def write(name: str, header: list[str], rows: list[list[object]]) -> None:
        with (folder / name).open("w", newline="", encoding="utf-8") as stream:
            csv.writer(stream).writerows([header, *rows])

    def comment(row: int) -> str:
        return f"You are {'a silly clown' if row % 2 else 'kind and right'}, number {row}.\nAgain, @you!"

    train = [[f"a{row}", comment(row), row % 2, *([row % 2] * 5), "en" if row % 4 < 2 else "es"] for row in range(24)]
    write("train_data.csv", ["id", "comment_text", "toxic", *auxiliary, "lang"], train)
    valid = [[f"v{row}", comment(row), "es" if row % 3 else "tr", row % 2] for row in range(12)]
    write("validation.csv", ["id", "comment_text", "lang", "toxic"], valid)
    write("test.csv", ["id", "content", "lang"], [[row, comment(row), "tr"] for row in range(10)])
    write("sample_submission.csv", ["id", "toxic"], [[row, 0.5] for row in range(9, -1, -1)])
    return folder
