from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from trainers import alone, registry
from trainers.contract import Built, Eval, Event, InputError, Saved, Step
from trainers.data.labelled import Labelled
from trainers.devices.cpu import CpuDevice
from trainers.judge_sentences import classify

Run = Callable[..., list[Event]]

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "paragraphs"
SMALL: dict[str, object] = {
    "width": 8, "layers": 1, "heads": 2, "feed_forward": 8, "embedding": 8, "features": 64, "words": 12, "folds": 5,
    "batch_size": 24, "norms_every": 1,
}  # fmt: skip


def built(events: list[Event]) -> Built:
    assert isinstance(events[0], Built)
    return events[0]


def effective_of(values: dict[str, object]) -> dict[str, object]:
    """What a training would tell before its first step."""
    trainer = registry.find("sentences")
    events = registry.load_recipe(trainer)(registry.build_config(trainer, values), CpuDevice())
    told = built([next(events)])
    events.close()
    return dict(told.effective)


def steps(events: list[Event]) -> list[Step]:
    return [event for event in events if isinstance(event, Step)]


def quick(shop: Path, **values: object) -> dict[str, object]:
    return SMALL | {"data": str(shop), "epochs": 0.5} | values


def test_settings_are_read_back_from_what_was_built(run: Run, shop: Path) -> None:
    values = quick(
        shop, temperature=0.2, bias=-1, word_ratio=0.25, word_samples=3, word_fade=9, encoders=2, skip=True, seed=5
    )
    effective = built(run("sentences", values | {"ngrams": 4, "projection_seed": 7, "fold": 1, "warmup": 50})).effective
    expected = {
        "criterion": "similarity",
        "temperature": 0.2,
        "bias": -1.0,
        "word_ratio": 0.25,
        "word_samples": 3,
        "word_fade": 9,
        "width": 8,
        "encoders": 2,
        "layers": 1,
        "heads": 2,
        "feed_forward": 8,
        "embedding": 8,
        "skip": True,
        "ngrams": 4,
        "features": 64,
        "projection_seed": 7,
        "words": 12,
        "optimizer": "Adam",
        "lr": 0.25 / math.sqrt(8 * 50),
        "scheduler": "noam",
        "warmup": 50,
        "batch_size": 24,
        "steps_per_epoch": 4,
        "total_steps": 2,
        "train_paragraphs": 32,
        "valid_paragraphs": 8,
        "train_sentences": 96,
        "valid_sentences": 24,
        "folds": 5,
        "fold": 1,
        "seed": 5,
    }
    assert {key: effective[key] for key in expected} == expected


def test_every_parameter_that_is_not_ineffective_changes_the_effective_settings(shop: Path) -> None:
    base = quick(shop, epochs=0, temperature=0.5, word_ratio=0.5)
    changes: dict[str, object] = {
        "min_sentences": 1, "folds": 4, "fold": 1, "ngrams": 2, "features": 32, "projection_seed": 1, "words": 8,
        "width": 12, "layers": 2, "heads": 1, "feed_forward": 12, "encoders": 2, "embedding": 4, "skip": True,
        "criterion": "vmf",
        "temperature": 0.1, "bias": 1.0, "word_ratio": 0.2, "word_samples": 1, "word_fade": 5, "batch_size": 16,
        "lr": 0.5, "scheduler": "cosine", "noam_factor": 1.0, "warmup": 9, "prefetch": 0, "num_workers": 1,
        "seed": 1, "epochs": 0.5, "lr_scaling": "linear",
        "data": "", "precision": "bf16", "accumulate": 2, "clip_norm": 1.0, "fused": True,
    }  # fmt: skip
    reference = effective_of(base)
    for key, value in changes.items():
        assert effective_of(base | {key: value}) != reference, key
    vmf = base | {"criterion": "vmf"}
    assert effective_of(vmf | {"concentration": 3.0}) != effective_of(vmf)
    settings = set(registry.fields(registry.find("sentences")))
    untold = {"compile", "out", "resume", "log_every", "norms_every", "norms_of", "concentration", "labelled_rows"}
    untold |= {"lr_batch"}
    assert settings == set(changes) | untold


@pytest.mark.parametrize(
    ("values", "ineffective"),
    [
        ({}, {"bias", "concentration", "word_samples", "word_fade"}),
        ({"temperature": 0.1, "word_ratio": 0.1}, {"concentration"}),
        ({"criterion": "vmf", "word_ratio": 0.1}, {"temperature", "bias"}),
        ({"lr": 0.1, "temperature": 1, "word_ratio": 0.1}, {"concentration", "noam_factor"}),
        ({"lr": 0.1, "scheduler": "none", "temperature": 1, "word_ratio": 0.1},
         {"concentration", "noam_factor", "warmup"}),
    ],
)  # fmt: skip
def test_settings_without_effect_are_named(values: dict[str, object], ineffective: set[str]) -> None:
    reasons = registry.build_config(registry.find("sentences"), values).ineffective()
    assert set(reasons) == ineffective | {"lr_batch"}
    assert all(reasons.values())


def test_steps_tell_what_is_left_above_the_floor_and_how_long_was_waited(run: Run, shop: Path) -> None:
    events = run("sentences", quick(shop, word_ratio=0.5, epochs=1))
    assert built(events).groups == ("projection", "encoder", "head")
    for step in steps(events):
        assert set(step.metrics) == {"loss", "excess", "sentence_loss", "word_loss", "lr", "wait"}
        assert 0 < step.metrics["excess"] < step.metrics["sentence_loss"]
        assert 0 <= step.metrics["wait"] <= 1
    vmf = steps(run("sentences", quick(shop, criterion="vmf")))
    assert set(vmf[0].metrics) == {"loss", "lr", "wait"}


def test_the_rate_follows_noam(run: Run, shop: Path) -> None:
    """f·d^-½·min(t^-½, t·w^-1.5) with f = 2, d = 8, w = 3 (Vaswani et al. 2017, section 5.3)."""
    found = [step.metrics["lr"] for step in steps(run("sentences", quick(shop, epochs=1.5, noam_factor=2, warmup=3)))]
    assert found == pytest.approx([2 * 8**-0.5 * min(t**-0.5, t * 3**-1.5) for t in range(1, 7)])


def test_batches_made_ahead_are_the_same(run: Run, shop: Path) -> None:
    def losses(ahead: int) -> list[float]:
        return [step.metrics["loss"] for step in steps(run("sentences", quick(shop, epochs=2, prefetch=ahead)))]

    assert losses(0) == losses(3)


def test_the_probe_is_judged_beside_trivial_answers_and_kept(run: Run, shop: Path, tmp_path: Path) -> None:
    events = run("sentences", quick(shop, out=str(tmp_path)))
    metrics = next(event for event in events if isinstance(event, Eval)).metrics
    trivial = {"probe_jaccard_trivial": 0.5, "probe_f1_trivial": pytest.approx(2 / 3), "probe_accuracy_trivial": 0.95}
    assert {name: metrics[name] for name in trivial} == trivial
    saved = next(event for event in events if isinstance(event, Saved) and event.label == "probe")
    told = json.loads(Path(saved.path).read_text())
    assert set(told["scores"]) == {"model", "zeros", "ones", "diagonal", "ngrams"}
    assert told["scores"]["model"]["f1"] == metrics["probe_f1"]
    assert told["scores"]["ngrams"]["f1"] == metrics["probe_f1_ngrams"]
    predicted, expected = np.array(told["predicted"], bool), np.array(told["expected"], bool)
    assert 2 * (predicted & expected).sum() / (predicted.sum() + expected.sum()) == pytest.approx(metrics["probe_f1"])
    assert np.diag(told["similarity"]) == pytest.approx(1.0, abs=1e-3)


def test_a_classifier_on_means_of_vectors_is_judged_on_other_texts() -> None:
    """Texts of class a point to the right, those of b upwards; one test row in four is labelled wrongly."""
    vectors = np.array([[1.0, 0.1], [0.1, 1.0]] * 6)
    labels = ["a", "b"] * 6
    labels[11] = "a"
    labelled = Labelled([("",)] * 12, labels, train=range(8), test=range(8, 12))
    assert classify(vectors, labelled) == 0.75
    assert labelled.majority == 0.75


def test_labelled_texts_of_the_folder_are_classified(run: Run, shop: Path) -> None:
    lines = [
        "text,label",
        *(f"The {word} is here again. We saw it.,{word}" for word in ("cat", "dog") for _ in "12345678"),
    ]
    (shop / "labelled.csv").write_text("\n".join(lines), encoding="utf-8")
    events = run("sentences", quick(shop))
    assert built(events).effective["labelled_texts"] == 16
    metrics = next(event for event in events if isinstance(event, Eval)).metrics
    assert (metrics["downstream_accuracy"], metrics["downstream_majority"]) == (1.0, 0.5)
    without = next(event for event in run("sentences", quick(shop, labelled_rows=0)) if isinstance(event, Eval))
    assert "downstream_accuracy" not in without.metrics


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"data": "nowhere"}, "nowhere does not exist: --data needs a folder with text files"),
        ({"width": 10, "heads": 4}, "width = 10 is no multiple of heads = 4"),
        ({"batch_size": 5000}, "batch_size = 5000 is more than the"),
        ({"min_sentences": 99}, "the built-in text has 0 paragraphs of at least 99 sentences"),
        ({"fold": 10}, "fold = 10 does not exist"),
        ({"ngrams": 5}, "ngrams = '5' is not allowed: give a whole number from 1 to 4"),
        ({"resume": "nowhere.pt"}, "nowhere.pt cannot be read"),
    ],
)
def test_what_cannot_be_trained_is_one_line_before_anything_starts(
    values: dict[str, object], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    options = [f"--{name}={value}" for name, value in values.items()]
    assert alone.main("sentences", ["--device=cpu", "--threads=1", *options]) == 2
    captured = capsys.readouterr()
    assert words in captured.err
    assert captured.err.count("\n") == 1
    assert "Train Step" not in captured.out


def test_a_checkpoint_of_another_model_is_one_line(run: Run, shop: Path, tmp_path: Path) -> None:
    run("sentences", quick(shop, out=str(tmp_path)))
    with pytest.raises(InputError, match=r"was saved with width = 8, not 12;"):
        run("sentences", quick(shop, width=12, resume=str(tmp_path / "last.pt")))
    (shop / "texts.txt").write_text((shop / "texts.txt").read_text().replace("number 3", "number three"))
    with pytest.raises(InputError, match=r"was saved with data = '[0-9a-f]{8}', not '[0-9a-f]{8}';"):
        run("sentences", quick(shop, resume=str(tmp_path / "last.pt")))


def test_sentences_of_paragraphs_come_together(run: Run, tmp_path: Path) -> None:
    """Paragraphs with a word of their own: pairs of one paragraph end up more similar than at the start."""
    names = [f"{first}{last}o" for first in "bdfgklmnp" for last in ("ara", "eno", "ilu", "omi", "ura")]
    texts = [f"The {name} came first today. Then the {name} slept. At last {name} left us." for name in names]
    (tmp_path / "texts.txt").write_text("\n\n".join(texts), encoding="utf-8")
    values = SMALL | {
        "data": str(tmp_path),
        "epochs": 20,
        "lr": 5e-3,
        "scheduler": "none",
        "width": 16,
        "features": 256,
    }
    scores = [event.metrics["pair_auc"] for event in run("sentences", values) if isinstance(event, Eval)]
    assert scores[-1] > 0.9
    assert scores[-1] > scores[0]
