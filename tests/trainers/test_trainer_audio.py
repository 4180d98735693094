"""The audio trainer as a whole: what it learns, writes and refuses."""

from __future__ import annotations

import csv
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from trainers import export, registry
from trainers.configs.audio import LOSSES, AudioConfig
from trainers.contract import Built, Eval, Event, InputError, Saved, Step
from trainers.devices.cpu import CpuDevice
from trainers.export import write_weights
from trainers.losses.multilabel import KINDS
from trainers.metrics.audio import audio_metrics, class_metrics, write_classes
from trainers.metrics.lwlrap import lwlrap
from trainers.models.audio import AudioNetwork

Run = Callable[..., list[Event]]
QUICK = {"batch_size": 8, "folds": 4, "hop": 160, "mels": 16, "seconds": 0.3, "cache": "none", "norms_every": 0}


def evaluations(events: list[Event]) -> list[Eval]:
    return [event for event in events if isinstance(event, Eval)]


def test_it_learns_made_up_sounds_in_seconds_and_leaves_room_to_get_better(run: Run) -> None:
    values = {"epochs": 5, "hop": 200, "mels": 24, "norms_every": 0}
    found = evaluations(run("audio", values))[-1].metrics
    assert 0.6 < found["lwlrap"] < 0.98
    assert found["lwlrap_low"] < found["lwlrap"] < found["lwlrap_high"]
    assert sum(name.startswith("class_") for name in found) == 10


def test_everything_a_best_evaluation_has_is_written_and_agrees(run: Run, sounds: Path, tmp_path: Path) -> None:
    out = tmp_path / "trial"
    values = {**QUICK, "data": str(sounds), "epochs": 1, "out": str(out), "validate_noisy": True, "full_length": True}
    events = run("audio", values)
    saved = {event.label: event.path for event in events if isinstance(event, Saved)}
    assert {"predictions", "per_class", "submission", "weights", "best", "last"} <= set(saved)
    assert not list(out.glob(".preflight*"))
    metrics = evaluations(events)[-1].metrics
    assert {"noisy_lwlrap", "noisy_loss"} <= set(metrics)
    with np.load(saved["predictions"], allow_pickle=False) as found:
        assert str(found["metric"]) == "lwlrap"
        assert found["scores"].shape == found["labels"].shape == (6, 4)
        assert lwlrap(found["scores"], found["labels"]) == pytest.approx(metrics["lwlrap"])
    with Path(saved["per_class"]).open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["class"] for row in rows] == ["Bark", "Drum", "Meow", "Violin_or_fiddle"]
    assert sum(float(row["weighted_lwlrap"]) for row in rows) == pytest.approx(metrics["lwlrap"], abs=1e-5)
    with Path(saved["submission"]).open(newline="") as stream:
        header, *lines = csv.reader(stream)
    assert header == ["fname", "Meow", "Bark", "Violin_or_fiddle", "Drum"]
    assert [line[0] for line in lines] == ["test02.wav", "test01.wav", "test00.wav"]
    network = AudioNetwork("small", "linear", 4)
    network.load_state_dict(torch.load(saved["weights"], weights_only=True))
    best = torch.load(saved["best"], weights_only=True)["model"]
    assert all(torch.equal(value, best[name]) for name, value in network.state_dict().items())


def test_what_varies_is_told_from_what_was_built(run: Run, sounds: Path) -> None:
    def effective(**values: object) -> dict[str, object]:
        events = run("audio", {**QUICK, "data": str(sounds), "epochs": 0, **values})
        assert isinstance(events[0], Built)
        return dict(events[0].effective)

    plain = effective()
    assert plain["noisy_rows"] == 8 and plain["test_rows"] == 3 and plain["never_trained"] == ""
    changed = effective(head="prelu", loss="focal", sampler="balanced", normalise="fixed", mixup=0.1, noisy=False)
    names = {name for name in plain if plain[name] != changed[name]}
    assert names == {
        "head", "head_layers", "dropout", "parameters", "loss", "focal_gamma", "focal_alpha", "sampler", "centre",
        "spread", "mixup", "noisy_rows", "train_rows", "steps_per_epoch",
    }  # fmt: skip


def test_options_agree_with_what_implements_them() -> None:
    assert LOSSES == KINDS
    config = AudioConfig(scheduler="linear", normalise="fixed", data="somewhere", lr_scaling="sqrt")
    assert config.ineffective() == {}
    assert set(AudioConfig().ineffective()) == {
        "warmup", "centre", "spread", "noisy", "validate_noisy", "predict", "cache", "lr_batch",
    }  # fmt: skip


def test_a_cosine_course_only_falls(run: Run, sounds: Path) -> None:
    values = {**QUICK, "data": str(sounds), "epochs": 4, "predict": False}
    rates = [event.metrics["lr"] for event in run("audio", values) if isinstance(event, Step)]
    assert all(one > other for one, other in pairwise(rates))
    assert rates[-1] < 0.2 * rates[0]


def test_a_sound_that_breaks_in_the_middle_of_an_epoch_is_named(
    sounds: Path,
) -> None:
    trainer = registry.find("audio")
    config = registry.build_config(trainer, {**QUICK, "data": str(sounds), "noisy": False, "epochs": 3})
    events = registry.load_recipe(trainer)(config, CpuDevice())
    assert isinstance(next(events), Built)
    for file in (sounds / "train_curated").iterdir():
        file.write_text("no sound any more")
    with pytest.raises(InputError, match=r"sound .*train_curated.*curated\d\d\.\w+ cannot be read: Format not recog"):
        list(events)


def test_a_rehearsal_finds_a_test_clip_that_cannot_be_read(run: Run, sounds: Path) -> None:
    (sounds / "test" / "test02.wav").write_text("no sound")
    with pytest.raises(InputError, match=r"test02\.wav cannot be read"):
        run("audio", {**QUICK, "data": str(sounds)})


def test_other_processes_load_the_same_batches(run: Run, sounds: Path, tmp_path: Path) -> None:
    values = {**QUICK, "data": str(sounds), "epochs": 1, "cache": str(tmp_path / "kept")}

    def losses(workers: int) -> list[float]:
        events = run("audio", {**values, "num_workers": workers})
        return [event.metrics["loss"] for event in events if isinstance(event, Step)]

    assert losses(0) == losses(1)


@pytest.mark.parametrize(
    ("model", "head"), [("small", "linear"), ("small", "dropout"), ("small", "prelu"), ("resnet34", "linear")]
)
def test_networks_take_features_of_any_length(model: str, head: str) -> None:
    network = AudioNetwork(model, head, 5)
    for frames in (1, 33):
        logits = network(torch.randn(2, frames, 16))
        assert logits.shape == (2, 5)
    logits.sum().backward()
    assert all(parameter.grad is not None for parameter in network.parameters())


def test_the_large_network_is_the_published_one_with_one_channel() -> None:
    """ResNet-34 has 21,797,672 parameters with 3 channels in and 1000 classes out (He et al. 2016)."""
    network = AudioNetwork("resnet34", "linear", 80)
    parameters = sum(parameter.numel() for parameter in network.parameters())
    assert parameters == 21_797_672 - 2 * 64 * 49 - (512 + 1) * (1_000 - 80)
    # 33 of the convolutions and the linear layer are the 34; 3 more are short cuts.
    assert network.settings()["convolutions"] == 36
    head = AudioNetwork("small", "dropout", 80).head
    assert [layer.out_features for layer in head.modules() if isinstance(layer, nn.Linear)] == [128, 80]


def test_weights_alone_are_read_back_and_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = nn.Linear(2, 3)
    with torch.no_grad():
        model.bias[0] = torch.nan
    path = write_weights(tmp_path / "weights.pt", model)
    assert list(torch.load(path, weights_only=True)) == ["weight", "bias"]
    load = torch.load
    monkeypatch.setattr(export.torch, "load", lambda *given, **how: {**load(*given, **how), "bias": torch.zeros(3)})
    with pytest.raises(InputError, match="does not hold the weights that were written"):
        write_weights(path, model)


def test_metrics_of_a_handful_of_rows(tmp_path: Path) -> None:
    """Row 1 has its label first, row 2 its two labels second and third: (1 + 1/2 + 2/3) / 3."""
    logits = np.array([[3.0, 1.0, 0.0, -9.0], [2.0, 1.0, 0.0, -9.0]], dtype=np.float32)
    labels = np.array([[1, 0, 0, 0], [0, 1, 1, 0]], dtype=np.int8)
    found = audio_metrics(logits, labels)
    assert found["lwlrap"] == pytest.approx((1 + 1 / 2 + 2 / 3) / 3)
    assert found["lrap"] == pytest.approx((1 + (1 / 2 + 2 / 3) / 2) / 2)
    # Drawn twice, either row alone has 1 and 7/12.
    assert (found["lwlrap_low"], found["lwlrap_high"]) == pytest.approx((7 / 12, 1.0))
    softplus = np.log1p(np.exp([-3.0, 1.0, 0.0, -9.0, 2.0, -1.0, 0.0, -9.0]))
    assert found["loss"] == pytest.approx(softplus.mean())
    classes = ["Bark", "Drum (bass)", "low", "none"]
    assert class_metrics(logits, labels, classes) == pytest.approx(
        {"class_Bark": 1.0, "class_Drum_bass_": 1 / 2, "class_low": 2 / 3}
    )
    assert class_metrics(np.zeros((1, 21), np.float32), np.ones((1, 21), np.int8), ["x"] * 21) == {}
    lines = write_classes(tmp_path / "per_class.csv", logits, labels, classes).read_text().splitlines()
    assert lines[0] == "class,clips,lwlrap,weight,weighted_lwlrap"
    assert lines[2] == "Drum (bass),1,0.500000,0.333333,0.166667"
    assert lines[4] == "none,0,,0.000000,0.000000"
