from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from untimed import untimed

from trainers import registry
from trainers.configs.matching import MatchingConfig
from trainers.contract import Built, CheckpointError, Eval, Event, InputError, Save, Saved, Step
from trainers.data.batches import evaluation_loader
from trainers.data.matching import load_products, split
from trainers.devices.cpu import CpuDevice
from trainers.matching import _network, _postings

Run = Callable[..., list[Event]]

GROCERY = Path(__file__).resolve().parents[3] / "shared" / "data" / "product_grocery"


def built(events: list[Event]) -> Built:
    assert isinstance(events[0], Built)
    return events[0]


def quick(shop: Path, **values: object) -> dict[str, object]:
    return {"data": str(shop), "image_size": 16, "batch_size": 6, "epochs": 0.5, "norms_every": 1, "folds": 2} | values


def test_settings_are_read_back_from_what_was_built(run: Run, shop: Path) -> None:
    values = quick(shop, s=48, m=0.3, lr=1e-3, text_lr=2e-4, weight_decay=0.2, dropout=0.4, embedding=24, tokens=32)
    effective = built(run("matching", values | {"seed": 5, "scheduler": "cosine", "fold": 1})).effective
    expected = {
        "head": "arcface",
        "s": 48.0,
        "m": 0.3,
        "modalities": "image+text",
        "image_model": "SmallConvNet",
        "text_model": "NgramBag",
        "image_lr": 1e-3,
        "text_lr": 2e-4,
        "head_lr": 1e-3,
        "optimizer": "AdamW",
        "weight_decay": 0.2,
        "dropout": 0.4,
        "embedding": 24,
        "tokens": 32,
        "image_size": 16,
        "batch_size": 6,
        "steps_per_epoch": 2,
        "total_steps": 1,
        "train_rows": 12,
        "valid_rows": 12,
        "train_groups": 4,
        "valid_groups": 4,
        "holdout": "groups",
        "folds": 2,
        "fold": 1,
        "scheduler": "cosine",
        "seed": 5,
    }
    assert {key: effective[key] for key in expected} == expected


def test_every_parameter_that_is_not_ineffective_changes_the_effective_settings(run: Run, shop: Path) -> None:
    base = quick(shop, epochs=0)
    changes: dict[str, object] = {
        "s": 16, "m": 0.2, "lr": 1e-2, "image_lr": 1e-2, "text_lr": 1e-2, "head_lr": 1e-2, "weight_decay": 0.3,
        "scheduler": "plateau", "batch_size": 4, "embedding": 16, "dropout": 0.0, "image_size": 24, "tokens": 16,
        "folds": 4, "fold": 1, "holdout": "rows", "modalities": "image", "head": "adacos", "seed": 1, "data": "",
        "epochs": 0.5,
    }  # fmt: skip
    reference = built(run("matching", base)).effective
    for key, value in changes.items():
        assert built(run("matching", base | {key: value})).effective != reference, key


def test_groups_have_their_own_names_and_rates(run: Run, shop: Path) -> None:
    events = run("matching", quick(shop, head_lr=0.01))
    assert built(events).groups == ("image", "text", "head")
    step = next(event for event in events if isinstance(event, Step))
    assert [norms.group for norms in step.norms] == ["image", "text", "head"]
    assert step.metrics["head_lr"] == 0.01
    assert step.metrics["lr"] == 5e-4


@pytest.mark.parametrize(("modalities", "groups"), [("image", ("image", "head")), ("text", ("text", "head"))])
def test_one_modality_is_enough(run: Run, shop: Path, modalities: str, groups: tuple[str, ...]) -> None:
    events = run("matching", quick(shop, modalities=modalities))
    assert built(events).groups == groups


def test_evaluations_report_retrieval_and_no_loss(run: Run, shop: Path) -> None:
    evaluation = next(event for event in run("matching", quick(shop)) if isinstance(event, Eval))
    assert set(evaluation.metrics) == {"row_f1", "precision", "recall", "threshold"}


def test_embeddings_are_kept_with_their_postings(run: Run, shop: Path, tmp_path: Path) -> None:
    events = run("matching", quick(shop, out=str(tmp_path / "trial"), embedding=8))
    saved = [event for event in events if isinstance(event, Saved) and event.label == "embeddings"]
    vectors = np.load(saved[0].path)
    with Path(saved[0].path).with_suffix(".csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert (vectors.shape, vectors.dtype) == ((12, 8), np.float32)
    assert len(rows) == 12
    table = load_products(str(shop))
    groups = dict(zip(table.posting_ids, table.label_groups, strict=True))
    assert all(groups[row["posting_id"]] == row["label_group"] for row in rows)


def test_adacos_logs_its_scale(run: Run, shop: Path) -> None:
    events = run("matching", quick(shop, head="adacos"))
    effective = built(events).effective
    step = next(event for event in events if isinstance(event, Step))
    assert (effective["head"], effective["m"]) == ("adacos", None)
    assert step.metrics["s"] > 0


@pytest.mark.parametrize(
    ("values", "ineffective"),
    [
        ({"head": "adacos"}, {"s", "m", "text_model", "text_lr", "tokens"}),
        ({"modalities": "image", "data": "shop"}, {"text_model", "text_lr", "tokens"}),
        ({"modalities": "text", "data": "shop"}, {"image_model", "image_lr", "image_size"}),
        ({"data": "shop"}, set()),
    ],
)
def test_settings_without_effect_are_named(values: dict[str, object], ineffective: set[str]) -> None:
    config = registry.build_config(registry.find("matching"), values)
    assert set(config.ineffective()) == ineffective
    assert all(config.ineffective().values())


def test_whole_groups_are_held_out_unless_rows_are_asked_for() -> None:
    products = load_products("")
    parts = split(products, MatchingConfig())
    assert parts.holdout == "groups"
    assert not set(parts.groups[parts.train]) & set(parts.groups[parts.valid])
    assert split(products, MatchingConfig(holdout="rows")).holdout == "rows"


def test_embeddings_see_neither_labels_nor_their_neighbours(shop: Path) -> None:
    """The same embedding comes out alone, in another order, and without any label in the batch."""
    config = MatchingConfig(data=str(shop), image_size=16, batch_size=6)
    products = load_products(config.data)
    parts = split(products, config)
    matcher = _network(parts, config).matcher.eval()
    _, valid = _postings(products, parts, matcher, config)
    batch = next(iter(evaluation_loader(valid, 12)))
    assert set(batch) == {"image", "text"}
    with torch.inference_mode():
        together = matcher(batch)
        backwards = matcher({name: column.flip(0) for name, column in batch.items()}).flip(0)
        alone = torch.cat(
            [matcher({name: column[row : row + 1] for name, column in batch.items()}) for row in range(12)]
        )
    assert torch.allclose(together, backwards, atol=1e-5)
    assert torch.allclose(together, alone, atol=1e-5)


def test_worker_processes_give_the_same_batches(run: Run, shop: Path) -> None:
    def losses(workers: int) -> list[float]:
        events = run("matching", quick(shop, epochs=1, num_workers=workers, modalities="image"))
        return [event.metrics["loss"] for event in events if isinstance(event, Step)]

    assert losses(0) == losses(1)


def test_a_rate_of_its_own_can_be_given_to_a_checkpoint_but_not_taken_away(
    run: Run, shop: Path, tmp_path: Path
) -> None:
    values = quick(shop, epochs=1, batch_size=4)
    run("matching", values | {"out": str(tmp_path), "image_lr": 0.02})
    again = values | {"resume": str(tmp_path / "last.pt"), "epochs": 2}
    steps = [event for event in run("matching", again | {"image_lr": 0.03}) if isinstance(event, Step)]
    assert steps[0].metrics["image_lr"] == 0.03
    with pytest.raises(CheckpointError, match=r"was saved with image_lr = 0\.02, not None;"):
        run("matching", again)


def test_worker_processes_go_on_in_the_middle_of_an_epoch(run: Run, shop: Path, tmp_path: Path) -> None:
    """Loaders fetch ahead; what they had fetched and nobody had seen is fetched again."""
    values = quick(shop, epochs=3, batch_size=4, num_workers=1, modalities="image", out=str(tmp_path / "trial"))
    trainer = registry.find("matching")
    whole = [event for event in run("matching", values) if isinstance(event, Step | Eval)]
    events = registry.load_recipe(trainer)(registry.build_config(trainer, values), CpuDevice())
    while getattr(next(events), "step", 0) < 5:
        pass
    saved = events.send(Save())
    events.close()
    assert isinstance(saved, Saved)
    rest = run("matching", values | {"resume": saved.path, "out": "", "num_workers": 0})
    following = [event for event in rest if isinstance(event, Step | Eval)]
    assert [untimed(event) for event in following] == [untimed(event) for event in whole if event.step > 5]


def test_models_that_cannot_be_loaded_are_one_line(run: Run, shop: Path, tmp_path: Path) -> None:
    for key in ("image_model", "text_model"):
        with pytest.raises(InputError, match=f"{key} .* cannot be loaded") as refusal:
            run("matching", quick(shop, **{key: str(tmp_path)}))
        assert "\n" not in str(refusal.value)


@pytest.mark.skipif(not GROCERY.is_dir(), reason="the shared data are not here")
def test_real_titles_are_learnt(run: Run) -> None:
    values = {"data": str(GROCERY), "modalities": "text", "epochs": 6, "lr": 3e-3, "norms_every": 0}
    scores = [event.metrics["row_f1"] for event in run("matching", values) if isinstance(event, Eval)]
    # Matching nothing but itself scores 0.43 here.
    assert max(scores) > 0.6
    assert max(scores) > scores[0]
