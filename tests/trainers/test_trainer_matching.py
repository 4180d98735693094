from __future__ import annotations

import csv
import shutil
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

# What has no effect by default, and without a branch.
PLAIN = {
    "k", "focal_gamma", "focal_alpha", "pair_weight", "miner", "miner_epsilon", "group_rows", "triplet_margin",
    "temperature", "circle_margin", "circle_gamma", "fusion_layers", "fusion_heads", "stack_dropout", "warmup",
    "plateau_factor", "plateau_patience", "lr_batch", "progressive_every", "image_share",
}  # fmt: skip
NO_TEXT = {"text_model", "text_lr", "tokens", "text_pooling", "text_dropout"}
NO_IMAGE = {
    "image_model", "image_lr", "image_size", "image_pooling", "image_dropout", "augment", "progressive", "cache",
    "channels_last",
}  # fmt: skip
# What the built-in digits leave without effect besides.
NO_TEST = {"at_least", "merge", "cache"}

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
        "image_dropout": 0.4,
        "text_dropout": 0.4,
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
    base = quick(shop, epochs=0, batch_size=8)
    changes: dict[str, object] = {
        "s": 16, "m": 0.2, "lr": 1e-2, "image_lr": 1e-2, "text_lr": 1e-2, "head_lr": 1e-2, "weight_decay": 0.3,
        "scheduler": "plateau", "batch_size": 4, "embedding": 16, "dropout": 0.0, "image_size": 24, "tokens": 16,
        "folds": 4, "fold": 1, "holdout": "rows", "modalities": "image", "head": "adacos", "seed": 1, "data": "",
        "epochs": 0.5, "criterion": "focal", "pair_loss": "circle", "outputs": "three", "fusion": "transformer",
        "fusion_dropout": 0.2, "image_dropout": 0.3, "text_dropout": 0.3, "image_pooling": "gem",
        "text_pooling": "max", "optimizer": "adam", "lr_scaling": "sqrt", "augment": "light", "progressive": "8,16",
        "distance": "euclid", "galleries": "50",
    }  # fmt: skip
    reference = built(run("matching", base)).effective
    for key, value in changes.items():
        assert built(run("matching", base | {key: value})).effective != reference, key


# What has an effect beside certain others only, with those.
DEPENDENT: dict[str, tuple[dict[str, object], dict[str, object]]] = {
    "subcenter": ({"head": "subcenter"}, {"k": 2, "s": 16, "m": 0.2}),
    "curricularface": ({"head": "curricularface"}, {"s": 16, "m": 0.2}),
    "cosface": ({"head": "cosface"}, {"s": 16, "m": 0.2}),
    "focal": ({"criterion": "focal"}, {"focal_gamma": 1, "focal_alpha": 1}),
    "triplet": ({"pair_loss": "triplet"}, {"triplet_margin": 0.4, "miner": "multi_similarity"}),
    "supcon": ({"pair_loss": "supcon"}, {"temperature": 0.2, "pair_weight": 2, "group_rows": 3}),
    "ntxent": ({"pair_loss": "ntxent", "head": "none"}, {"temperature": 0.2}),
    "circle": (
        {"pair_loss": "circle", "miner": "multi_similarity"},
        {"circle_margin": 0.3, "circle_gamma": 40, "miner_epsilon": 0.2},
    ),
    "transformer": ({"fusion": "transformer"}, {"fusion_layers": 2, "fusion_heads": 4, "fusion_dropout": 0.2}),
    "linear": ({"scheduler": "linear"}, {"warmup": 0.2}),
    "cosine": ({"scheduler": "cosine"}, {"warmup": 0.2}),
    "plateau": ({"scheduler": "plateau"}, {"plateau_factor": 0.5, "plateau_patience": 2}),
    "scaled": ({"lr_scaling": "linear"}, {"lr_batch": 32}),
}


@pytest.mark.parametrize("name", DEPENDENT)
def test_what_has_an_effect_beside_others_reaches_its_object(run: Run, shop: Path, name: str) -> None:
    others, changes = DEPENDENT[name]
    base = quick(shop, epochs=0, batch_size=8) | others
    trainer = registry.find("matching")
    assert not set(registry.build_config(trainer, base).ineffective()) & set(changes)
    reference = built(run("matching", base)).effective
    for key, value in changes.items():
        effective = built(run("matching", base | {key: value})).effective
        assert effective != reference, key
        # `lr_batch` is seen in the rates.
        assert effective.get(key, value) == value


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
    plain = {"row_f1", "row_f1_low", "row_f1_high", "precision", "recall", "threshold"}
    assert set(evaluation.metrics) == plain | {"row_f1_min2", "row_f1_phash", "row_f1_title"}
    assert evaluation.metrics["row_f1_low"] <= evaluation.metrics["row_f1"] <= evaluation.metrics["row_f1_high"]


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
        ({"data": "shop"}, set()),
        ({"head": "adacos"}, {"s", "m", *NO_TEXT, *NO_TEST}),
        ({"modalities": "image", "data": "shop"}, NO_TEXT),
        ({"modalities": "text", "data": "shop"}, NO_IMAGE),
        ({"data": "shop", "head": "subcenter", "criterion": "focal"}, {"-k", "-focal_gamma", "-focal_alpha"}),
        (
            {"data": "shop", "pair_loss": "triplet", "miner": "multi_similarity"},
            {"-pair_weight", "-miner", "-miner_epsilon", "-group_rows", "-triplet_margin"},
        ),
        (
            {"data": "shop", "pair_loss": "supcon", "head": "none"},
            {"s", "m", "criterion", "-miner", "-group_rows", "-temperature"},
        ),
        ({"data": "shop", "fusion": "transformer"}, {"-fusion_layers", "-fusion_heads"}),
        ({"data": "shop", "text_model": "folder", "text_pooling": "last4"}, {"-stack_dropout"}),
        ({"data": "shop", "scheduler": "linear", "lr_scaling": "sqrt"}, {"-warmup", "-lr_batch"}),
        ({"data": "shop", "scheduler": "plateau"}, {"-plateau_factor", "-plateau_patience"}),
        ({"data": "shop", "progressive": "16,32"}, {"image_size", "-progressive_every"}),
        ({"data": "shop", "holdout": "parity"}, {"folds"}),
        ({"data": "shop", "fusion": "similarity"}, {"outputs", "fusion_dropout", "-image_share"}),
        ({"data": "shop", "image_dropout": 0.1, "text_dropout": 0.2}, {"dropout"}),
        ({"data": "shop", "image_lr": 0.1, "text_lr": 0.2, "head_lr": 0.3}, {"lr"}),
    ],
)
def test_settings_without_effect_are_named(values: dict[str, object], ineffective: set[str]) -> None:
    """`ineffective` beside what has none by default, less what stands there with a minus."""
    config = registry.build_config(registry.find("matching"), values)
    less = {name[1:] for name in ineffective if name.startswith("-")}
    more = {name for name in ineffective if not name.startswith("-")}
    assert less <= PLAIN
    assert set(config.ineffective()) == (PLAIN - less) | more
    assert all(config.ineffective().values())


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"head": "none"}, "head = none leaves nothing to learn from; choose a pair_loss or a head"),
        ({"pair_loss": "circle", "batch_size": 7}, "batch_size = 7 has no room for two groups of group_rows = 4"),
        ({"data": "", "pair_loss": "triplet", "batch_size": 513}, "batch_size = 513 has too many triplets to hold"),
        ({"outputs": "three", "modalities": "image"}, "outputs = three needs photos and titles"),
        ({"fusion": "similarity", "modalities": "text"}, "fusion = similarity needs photos and titles"),
        ({"fusion": "transformer", "embedding": 20}, "fusion_heads = 8 does not divide embedding = 20"),
        ({"text_pooling": "last4"}, "text_pooling = last4 needs a text_model of transformers"),
        ({"progressive": "32,16"}, "progressive = '32,16' is not allowed: give growing sizes from 8 to 2048"),
        ({"progressive": "4,16"}, "progressive = '4,16' is not allowed"),
        ({"galleries": "10;20"}, "galleries = '10;20' is not allowed: give whole numbers with commas between them"),
        ({"galleries": "1"}, "galleries = '1' is not allowed: give numbers from 2 on"),
    ],
)
def test_settings_that_do_not_fit_each_other_are_refused(shop: Path, values: dict[str, object], reason: str) -> None:
    trainer = registry.find("matching")
    config = registry.build_config(trainer, {"data": str(shop), "batch_size": 8, "folds": 2} | values)
    with pytest.raises(InputError) as refusal:
        trainer.check(config)
    assert str(refusal.value).startswith(reason)
    assert "\n" not in str(refusal.value)


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
    matcher = _network(parts, config, CpuDevice()).matcher.eval()
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


def test_rates_grow_with_the_rows_of_a_step(run: Run, shop: Path) -> None:
    for scaling, factor in (("none", 1.0), ("linear", 0.5), ("sqrt", 0.5**0.5)):
        values = quick(shop, batch_size=8, lr_scaling=scaling, lr_batch=16, lr=1e-3, head_lr=0.01, scheduler="cosine")
        events = run("matching", values)
        step = next(event for event in events if isinstance(event, Step))
        assert built(events).effective["image_lr"] == step.metrics["lr"] == pytest.approx(factor * 1e-3)
        assert built(events).effective["head_lr"] == step.metrics["head_lr"] == pytest.approx(factor * 0.01)


def test_a_course_rises_first_where_it_is_asked_to(run: Run, shop: Path) -> None:
    values = quick(shop, batch_size=4, epochs=2, norms_every=0, lr=1e-3, warmup=0.5)
    for scheduler, fall in (("linear", [1, 2 / 3, 1 / 3]), ("cosine", [1, 0.75, 0.25])):
        events = run("matching", values | {"scheduler": scheduler})
        rates = [event.metrics["lr"] * 1e3 for event in events if isinstance(event, Step)]
        assert rates == pytest.approx([1 / 3, 2 / 3, 1, *fall])


def test_pairs_need_a_group_with_two_postings(shop: Path) -> None:
    table = shop / "train.csv"
    header, *lines = table.read_text(encoding="utf-8").splitlines()
    table.write_text("\n".join([header, *lines[::3]]) + "\n", encoding="utf-8")
    trainer = registry.find("matching")
    config = registry.build_config(trainer, quick(shop, batch_size=4, group_rows=2, pair_loss="circle"))
    with pytest.raises(InputError, match="pair_loss = circle, but no group that is trained on has two postings"):
        trainer.check(config)


@pytest.mark.parametrize(
    "values",
    [
        {"head": "subcenter", "outputs": "three", "pair_loss": "circle", "miner": "multi_similarity"},
        {"head": "curricularface", "fusion": "transformer", "fusion_dropout": 0.2, "criterion": "focal"},
        {"head": "none", "pair_loss": "supcon", "optimizer": "adam", "image_pooling": "gem", "scheduler": "linear"},
        {"head": "adacos", "outputs": "three", "pair_loss": "triplet", "text_pooling": "mean_max", "warmup": 0.5},
    ],
    ids=lambda values: str(values["head"]),
)
def test_a_variant_that_was_cut_goes_on_as_if_it_had_not_been(
    run: Run, shop: Path, tmp_path: Path, values: dict[str, object]
) -> None:
    """In the middle of its second epoch, with all that heads and optimizers keep besides weights."""
    values = quick(shop, folds=4, batch_size=8, epochs=3) | values | {"out": str(tmp_path / "whole")}
    trainer = registry.find("matching")
    events = registry.load_recipe(trainer)(registry.build_config(trainer, values), CpuDevice())
    whole = [next(events)]
    while getattr(whole[-1], "step", 0) < 3:
        whole.append(next(events))
    saved = events.send(Save())
    assert isinstance(saved, Saved)
    copy = shutil.copy(saved.path, tmp_path / "cut.pt")
    whole += list(events)
    rest = run("matching", values | {"resume": str(copy), "out": str(tmp_path / "rest")})
    following = [untimed(event) for event in rest if isinstance(event, Step | Eval)]
    assert following == [untimed(event) for event in whole if isinstance(event, Step | Eval) and event.step > 3]
    models = [torch.load(tmp_path / name / "last.pt", weights_only=True)["model"] for name in ("whole", "rest")]
    assert all(torch.equal(models[0][key], models[1][key]) for key in models[0])


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
