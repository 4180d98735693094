"""What `auto` takes, and what keeps torch_tpu out of processes that do not want it."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
import torch

from cockpit.store.machine.tpu import CHIPS as NAMED
from trainers.devices import autoload, automatic, chips
from trainers.devices.automatic import Choice, guess, look
from trainers.devices.kinds import CHOICES
from trainers.devices.select import select

FOUND = {"cuda": False, "tpu": False, "mps": False}
NOTHING = "no CUDA card is visible, no TPU, no Metal"


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch):
    """Gives this process another machine: the same for torch and for the guess."""

    def set_up(cuda: bool, tpu: bool, mps: bool, library: bool = True) -> int:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
        monkeypatch.setattr(chips, "has_chips", lambda: tpu)
        monkeypatch.setattr(automatic, "is_installed", lambda package: library)
        monkeypatch.setattr(metadata, "version", lambda package: "2.13.0" if cuda else "2.13.0+cpu")
        monkeypatch.setattr("platform.system", lambda: "Darwin" if mps else "Linux")
        monkeypatch.setattr("platform.machine", lambda: "arm64" if mps else "x86_64")
        return int(cuda)

    return set_up


@pytest.mark.parametrize(
    ("has", "choice"),
    [
        ({}, Choice("cpu", NOTHING)),
        ({"mps": True}, Choice("mps", "there is Metal, no CUDA card is visible, no TPU")),
        ({"tpu": True}, Choice("tpu", "there is a TPU, and no CUDA card is visible")),
        (
            {"tpu": True, "library": False},
            Choice("cpu", "no CUDA card is visible, a TPU but neither torch_tpu nor torch_xla, no Metal"),
        ),
        ({"cuda": True, "tpu": True}, Choice("cuda", "a CUDA card is visible")),
    ],
)
def test_the_guess_without_torch_is_what_torch_finds(machine, has: dict[str, bool], choice: Choice) -> None:
    cards = machine(**(FOUND | has))
    assert look() == choice
    assert guess(cards) == choice


def test_a_card_that_torch_was_not_built_for_is_told(machine) -> None:
    machine(**FOUND)
    assert guess(cards=1) == Choice("cpu", "this torch was built without CUDA, no TPU, no Metal")


def test_auto_says_why_and_others_do_not(machine) -> None:
    machine(**FOUND)
    assert (select("auto").kind, select("auto").reason) == ("cpu", NOTHING)
    assert select("cpu").reason == ""


def test_mps_without_metal_is_refused_in_one_line(machine) -> None:
    machine(**FOUND)
    with pytest.raises(Exception, match="device mps is not available") as refusal:
        select("mps")
    assert "\n" not in str(refusal.value)


def card(folder: Path, vendor: str, device: str) -> None:
    folder.mkdir(parents=True)
    (folder / "vendor").write_text(f"{vendor}\n")
    (folder / "device").write_text(f"{device}\n")


def test_chips_are_told_from_other_cards_of_their_vendor(tmp_path: Path) -> None:
    card(tmp_path / "0000:00:01.0", "0x1ae0", "0x0042")  # a network card
    (tmp_path / "0000:00:02.0").mkdir()  # gone while we looked
    assert not chips.has_chips(tmp_path, {})
    card(tmp_path / "0000:00:03.0", "0x1ae0", "0x0063")
    assert chips.has_chips(tmp_path, {})


@pytest.mark.parametrize("name", ["PJRT_DEVICE=TPU", "ISTPUVM=1", "TPU_ACCELERATOR_TYPE=v5e-8"])
def test_where_the_bus_is_hidden_the_environment_tells(tmp_path: Path, name: str) -> None:
    variable, value = name.split("=")
    assert chips.has_chips(tmp_path / "none", {variable: value})
    assert not chips.has_chips(tmp_path / "none", {variable: "CPU" if variable == "PJRT_DEVICE" else ""})


def test_the_app_names_the_chips_that_trainers_look_for() -> None:
    assert set(chips.CHIPS) == set(NAMED)


def test_torch_tpu_is_kept_away_only_where_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert autoload.prevention({}) == {}
    monkeypatch.setattr(autoload, "is_installed", lambda package: True)
    assert autoload.prevention({}) == {autoload.VARIABLE: "0"}
    assert autoload.prevention({autoload.VARIABLE: "1"}) == {}, "the user has decided"
    monkeypatch.delenv(autoload.VARIABLE, raising=False)
    with autoload.kept_away():
        assert os.environ[autoload.VARIABLE] == "0"
    assert autoload.VARIABLE not in os.environ


def test_what_is_kept_away_is_not_loaded(tmp_path: Path) -> None:
    """With a package in torch_tpu's place that registers itself as that does."""
    (tmp_path / "torch_tpu").mkdir()
    (tmp_path / "torch_tpu" / "__init__.py").write_text("def load():\n    print('loaded')\n")
    about = tmp_path / "torch_tpu-0.2.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: torch_tpu\nVersion: 0.2.0\n")
    (about / "entry_points.txt").write_text("[torch.backends]\ntorch_tpu = torch_tpu:load\n")
    program = "from trainers.devices.autoload import kept_away\n"
    path = os.pathsep.join([str(tmp_path), *sys.path])
    environment = {**os.environ, "PYTHONPATH": path}
    environment.pop(autoload.VARIABLE, None)
    said = [
        subprocess.run(
            [sys.executable, "-c", program + body], env=environment, capture_output=True, text=True, check=True
        ).stdout
        for body in ("import torch", "with kept_away():\n    import torch")
    ]
    assert said == ["loaded\n", ""]


def test_all_that_can_be_asked_for_is_known() -> None:
    for kind in CHOICES:
        try:
            select(kind)
        except Exception as error:
            assert f"device {kind} is not available" in str(error)
