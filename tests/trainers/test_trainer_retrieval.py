"""The matching trainer's evaluations and files, as far as they go beyond one score."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from thread_team import by_all, team_of

from trainers import matching, registry
from trainers.building import builder
from trainers.contract import Built, Eval, Event, InputError, Saved, Step
from trainers.devices.cpu import CpuDevice
from trainers.devices.team import Team
from trainers.task import Task

Run = Callable[..., list[Event]]


def quick(shop: Path, **values: object) -> dict[str, object]:
    return {"data": str(shop), "image_size": 8, "batch_size": 6, "epochs": 1, "norms_every": 0, "folds": 2} | values


def last(events: list[Event]) -> Eval:
    return [event for event in events if isinstance(event, Eval)][-1]


def saved(events: list[Event]) -> dict[str, Path]:
    return {event.label: Path(event.path) for event in events if isinstance(event, Saved)}


@pytest.fixture
def test_table(shop: Path) -> Path:
    """The shop with ten test postings, the first two of which share a title, and the next two a hash."""
    (shop / "test_images").mkdir()
    lines = ["posting_id,image,image_phash,title"]
    for row in range(10):
        shutil.copy(shop / "train_images" / "p1.jpg", shop / "test_images" / f"t{row}.jpg")
        lines.append(f"test_{row},t{row}.jpg,{'ff' if row in (2, 3) else row},{'SAME' if row < 2 else f'no {row}'}")
    (shop / "test.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return shop


def test_all_outputs_are_kept_and_judged(run: Run, shop: Path, tmp_path: Path) -> None:
    out = tmp_path / "trial"
    events = run("matching", quick(shop, outputs="three", embedding=8, out=str(out)))
    assert {"row_f1", "row_f1_image", "row_f1_text"} <= set(last(events).metrics)
    for name in ("embeddings", "embeddings_image", "embeddings_text"):
        vectors = np.load(saved(events)[name])
        assert (vectors.shape, vectors.dtype) == ((12, 8), np.float32)
    with (out / "embeddings.csv").open(newline="", encoding="utf-8") as stream:
        row = next(csv.DictReader(stream))
    assert list(row) == ["posting_id", "label_group", "image_phash", "title"]
    assert row["image_phash"] == "0f0f"
    assert row["title"].startswith("Thing number")


def test_galleries_of_other_sizes_are_scored(run: Run, shop: Path) -> None:
    metrics = last(run("matching", quick(shop, galleries="6, 12,70000"))).metrics
    assert metrics["row_f1_at_12"] == pytest.approx(metrics["row_f1"])
    assert metrics["row_f1_at_6"] >= metrics["row_f1"] >= metrics["row_f1_at_70000"]
    assert {"threshold_at_6", "threshold_at_12", "threshold_at_70000"} <= set(metrics)


def test_distances_have_thresholds_of_their_own(run: Run, shop: Path) -> None:
    events = run("matching", quick(shop, distance="euclid"))
    assert last(events).metrics["threshold"] * 2 == int(last(events).metrics["threshold"] * 2)
    assert isinstance(events[0], Built)
    assert events[0].effective["distance"] == "euclid"


def test_a_submission_has_matches_of_all_test_postings(run: Run, test_table: Path, tmp_path: Path) -> None:
    values = quick(test_table, at_least=2, merge="phash+title", out=str(tmp_path / "trial"))
    events = run("matching", values)
    with saved(events)["submission"].open(newline="", encoding="utf-8") as stream:
        matches = {row["posting_id"]: row["matches"].split(" ") for row in csv.DictReader(stream)}
    assert list(matches) == [f"test_{row}" for row in range(10)]
    assert all(found[0] == name and len(found) >= 2 for name, found in matches.items())
    assert matches["test_0"][:2] == ["test_0", "test_1"]
    assert matches["test_3"][:2] == ["test_3", "test_2"]
    assert isinstance(events[0], Built)
    assert (events[0].effective["at_least"], events[0].effective["merge"]) == (2, "phash+title")
    assert not list((tmp_path / "trial").glob(".preflight*"))


def test_two_processes_judge_and_submit_as_one_does(
    test_table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Test postings are embedded by both as well, in batches of which there are several."""
    monkeypatch.setattr(matching, "EVALUATION_ROWS", 4)
    values = quick(test_table, at_least=2, outputs="three")

    def build(team: Team) -> Task:
        device = CpuDevice()
        device.team = team
        trainer = registry.find("matching")
        task = builder(trainer)(registry.build_config(trainer, values), device)
        task.model.eval()
        return task

    def judge(task: Task, folder: Path) -> tuple[dict[str, float], list[str]]:
        folder.mkdir()
        return dict(task.evaluate()), sorted(path.name for path in task.artefacts(folder).values())

    def contents(folder: Path) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in folder.iterdir()}

    tasks = [build(member) for member in team_of(2)]
    first, second = by_all(lambda rank: judge(tasks[rank], tmp_path / f"rank{rank}"), 2)
    assert first == second == judge(build(Team()), tmp_path / "alone")
    assert "submission.csv" in first[1]
    assert contents(tmp_path / "rank0") == contents(tmp_path / "alone")
    assert contents(tmp_path / "rank1") == {}


def test_rehearsing_leaves_no_trace_in_the_training(run: Run, test_table: Path) -> None:
    def losses() -> list[float]:
        return [event.metrics["loss"] for event in run("matching", quick(test_table)) if isinstance(event, Step)]

    with_test = losses()
    (test_table / "test.csv").unlink()
    assert losses() == with_test


def test_test_photos_are_checked_before_training(test_table: Path) -> None:
    (test_table / "test_images" / "t4.jpg").unlink()
    trainer = registry.find("matching")
    with pytest.raises(InputError, match=r"1 of 10 images in .*test_images do not exist: t4\.jpg"):
        trainer.check(registry.build_config(trainer, quick(test_table)))


def test_empty_titles_and_groups_of_one_are_no_trouble(run: Run, shop: Path) -> None:
    table = shop / "train.csv"
    lines = table.read_text(encoding="utf-8").splitlines()
    lines[1:4] = [",".join([*line.split(",")[:3], " ", f"200{place}"]) for place, line in enumerate(lines[1:4])]
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    for fold in (0, 1):
        metrics = last(run("matching", quick(shop, fold=fold))).metrics
        assert all(np.isfinite(value) for value in metrics.values())


def test_pictures_grow_while_it_trains(run: Run, shop: Path) -> None:
    values = quick(shop, progressive="8,16", progressive_every=1, epochs=2, modalities="image", augment="light")
    events = run("matching", values)
    assert isinstance(events[0], Built)
    expected = {"image_size": 16, "progressive": "8,16", "progressive_every": 1, "augment": "light"}
    assert {key: events[0].effective[key] for key in expected} == expected
    plain = run("matching", values | {"progressive": "16"})
    first = [next(event for event in found if isinstance(event, Step)) for found in (events, plain)]
    assert first[0].metrics["loss"] != first[1].metrics["loss"]
