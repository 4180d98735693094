from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from trainers import registry
from trainers.configs.vote import VoteConfig
from trainers.contract import Built, CheckpointError, Eval, Event, Saved
from trainers.data.voters import load_voters

Run = Callable[..., list[Event]]
OFF: dict[str, object] = {
    f"m{member}.{output}.{distance}": None
    for member in range(1, 7)
    for output in ("fused", "image", "text")
    for distance in ("cosine", "euclid")
}


def scored(events: list[Event]) -> dict[str, Any]:
    (found,) = [event for event in events if isinstance(event, Eval)]
    return dict(found.metrics)


def built(events: list[Event]) -> dict[str, Any]:
    (found,) = [event for event in events if isinstance(event, Built)]
    return dict(found.effective)


def test_effective_settings_are_those_of_voters_that_there_are(run: Run) -> None:
    effective = built(run("vote", {"m1.image.cosine": 0.6, "m2.text.euclid": None, "m6.fused.cosine": 0.9}))
    assert (effective["voters"], effective["votes"], effective["m4"]) == (23, 12, "made_up_4")
    assert (effective["m1.image.cosine"], effective["m1.image.euclid"]) == (0.6, 1.0)
    assert not {"m2.text.euclid", "m5", "m5.fused.cosine", "m6.fused.cosine"} & set(effective)
    assert built(run("vote", {"votes": 30}))["votes"] == 24
    changes = {"m4.text.euclid": 0.9, "votes": 3, "min_matches": 2, "held_out": 0.5}
    for key, value in changes.items():
        assert built(run("vote", {key: value})) != built(run("vote", {})), key


def test_a_distance_of_one_is_a_cosine_of_a_half(run: Run) -> None:
    one, other = (scored(run("vote", OFF | {key: value})) for key, value in (
        ("m1.fused.cosine", 0.5), ("m1.fused.euclid", 1.0),
    ))  # fmt: skip
    assert one == other
    assert one["row_f1"] > 0.6
    assert one["row_f1_low"] < one["row_f1"] < one["row_f1_high"]
    # Where nobody votes every posting is its own only match.
    groups = load_voters("").groups.tolist()
    sizes = [groups.count(group) for group in groups]
    alone = sum(2 / (1 + size) for size in sizes) / len(sizes)
    assert scored(run("vote", OFF))["row_f1"] == pytest.approx(alone)


def test_many_voters_are_better_than_each_alone(run: Run) -> None:
    best = max(
        scored(run("vote", OFF | {f"m{member}.fused.cosine": cosine / 50, "min_matches": 2}))["row_f1"]
        for member in range(1, 5)
        for cosine in range(20, 40)
    )
    assert scored(run("vote", {"votes": 12, "min_matches": 2}))["row_f1"] > best + 0.05


def test_groups_that_are_held_out_are_scored_apart(run: Run) -> None:
    whole, some = (scored(run("vote", {"held_out": share})) for share in (0.0, 0.4))
    assert "row_f1_held_out" not in whole
    assert min(some["row_f1"], some["row_f1_held_out"]) < whole["row_f1"] < max(some["row_f1"], some["row_f1_held_out"])


def test_matches_are_written_as_a_submission_has_them(run: Run, tmp_path: Path) -> None:
    (saved,) = [event for event in run("vote", {"out": str(tmp_path)}) if isinstance(event, Saved)]
    with Path(saved.path).open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    matches = {row["posting_id"]: row["matches"].split() for row in rows}
    assert list(matches) == load_voters("").ids.tolist()
    assert all(found[0] == posting for posting, found in matches.items())
    assert all(posting in matches[other] for posting, found in matches.items() for other in found)
    assert max(map(len, matches.values())) > 2


def test_nothing_can_be_gone_on_from_and_training_settings_do_nothing(run: Run) -> None:
    with pytest.raises(CheckpointError, match="start over without resume"):
        run("vote", {"resume": "last.pt"})
    assert {"epochs", "seed"} <= set(VoteConfig().ineffective())
    assert len([name for name in registry.fields(registry.find("vote")) if name in OFF]) == 36
