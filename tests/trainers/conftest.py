"""Small data and small drivers that the tests of trainers share."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from trainers import registry
from trainers.contract import Event
from trainers.devices.cpu import CpuDevice
from trainers.devices.select import select_for

Run = Callable[..., list[Event]]


@pytest.fixture(autouse=True)
def told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The processor's steps are told one by one, so that what is answered to one comes right after it, on any machine.

    What becomes of steps that are told together is tested in `test_trainer_reading`.
    """
    monkeypatch.setattr(CpuDevice, "flush_seconds", 0.0)


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
    """A data folder of 24 postings in 8 groups: coloured squares with titles, every third picture a grey PNG.

    Beside them a text of 40 paragraphs of three sentences and one of one.
    """
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
    texts = [f"Box number {row} is here. It has {row % 7} things. They are of size {row}." for row in range(40)]
    texts.append("A sentence that has a paragraph for itself.")
    (folder / "texts.txt").write_text("\n\n".join(texts), encoding="utf-8")
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


@pytest.fixture
def nli(tmp_path: Path) -> Path:
    """A data folder with tables of XNLI and, two folders down, of MultiNLI in English: a few pairs in each."""
    folder = tmp_path / "nli"
    (folder / "XNLI-MT-1.0" / "multinli").mkdir(parents=True)
    labels = ("contradiction", "entailment", "neutral")
    header = ["language", "gold_label", *(f"parse{n}" for n in range(4)), "sentence1", "sentence2", "promptID"]

    def xnli(langs: list[str], rows: int) -> str:
        lines = [
            [lang, labels[row % 3], "", "", "", "", f'He said "{row} {lang}', f"It was {labels[row % 3]}", f"{row}"]
            for lang in langs
            for row in range(rows)
        ]
        return "".join("\t".join(line) + "\n" for line in [header, *lines])

    def multinli(row: int) -> str:
        return f"One saw {row}.\tNone saw {row % 3}\t{('contradictory', *labels[1:])[row % 3]}\n"

    (folder / "xnli.dev.tsv").write_text(xnli(["en", "sw"], 9), encoding="utf-8")
    (folder / "xnli.test.tsv").write_text(xnli(["en", "sw", "es"], 6), encoding="utf-8")
    table = folder / "XNLI-MT-1.0" / "multinli" / "multinli.train.en.tsv"
    table.write_text("premise\thypo\tlabel\n" + "".join(map(multinli, range(12))), encoding="utf-8")
    return folder


@pytest.fixture
def sounds(tmp_path: Path) -> Path:
    """A data folder in Freesound's format: 24 curated clips of 4 classes, 8 noisy ones, and 3 test clips.

    Clips are of several lengths, rates, channels and formats.
    """
    folder = tmp_path / "sounds"
    random = np.random.default_rng(0)
    classes = ("Bark", "Drum", "Meow", "Violin_or_fiddle")

    def clip(place: str, row: int, ending: str) -> str:
        rate = 16_000 if row % 3 == 1 else 8_000
        time = np.arange(round(rate * (0.1 + 0.1 * (row % 5)))) / rate
        samples = 0.3 * np.sin(2 * np.pi * 300 * (1 + row % 4) * time) + random.normal(scale=0.01, size=len(time))
        name = f"{place.removeprefix('train_')}{row:02d}.{ending}"
        (folder / place).mkdir(parents=True, exist_ok=True)
        soundfile.write(folder / place / name, np.stack([samples, -samples / 2], 1) if row % 4 == 2 else samples, rate)
        return name

    def labels(row: int) -> str:
        return ",".join(dict.fromkeys([classes[row % 4], classes[row % 3]]))

    def write(name: str, rows: list[list[object]]) -> None:
        with (folder / name).open("w", newline="", encoding="utf-8") as stream:
            csv.writer(stream).writerows(rows)

    endings = ("wav", "flac", "ogg")
    for place, rows in (("train_curated", 24), ("train_noisy", 8)):
        table = [[clip(place, row, endings[row % 3]), labels(row)] for row in range(rows)]
        write(f"{place}.csv", [["fname", "labels"], *table])
    tests = [clip("test", row, "wav") for row in range(3)]
    order = [classes[number] for number in (2, 0, 3, 1)]
    write("sample_submission.csv", [["fname", *order], *([name, 0, 0, 0, 0] for name in reversed(tests))])
    return folder
