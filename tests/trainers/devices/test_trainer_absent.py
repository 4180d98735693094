"""What is known of devices without torch: which cannot be here, and in which words they are refused."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from trainers.contract import InputError
from trainers.devices import absent, automatic, chips
from trainers.devices.absent import has_cards, refuse_absent
from trainers.devices.kinds import CHOICES


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch):
    """Gives this process another machine; without words it is one that has nothing."""

    def set_up(cards: bool = False, torch: str = "2.13.0", system: str = "Linux", installed: str = "") -> None:
        monkeypatch.setattr(absent, "has_cards", lambda: cards)
        monkeypatch.setattr(metadata, "version", lambda package: torch)
        monkeypatch.setattr("platform.system", lambda: system)
        for module in (absent, automatic):
            monkeypatch.setattr(module, "is_installed", lambda package: package == installed)
        monkeypatch.setattr(chips, "has_chips", lambda: False)

    return set_up


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("cuda", "no CUDA card is visible; use --device cpu, or see what `cockpit doctor` finds"),
        ("mps", "Metal is there on Apple computers only; use --device cpu"),
        ("tpu", "neither torch_tpu nor torch_xla is installed; there is no TPU chip here; use --device cpu"),
        (
            "xla",
            "torch_xla is not installed; use --device cpu, or install torch_xla with the torch version "
            "it was built for",
        ),
    ],
)
def test_what_cannot_be_here_is_refused_in_one_line(machine, kind: str, why: str) -> None:
    machine()
    with pytest.raises(InputError) as refused:
        refuse_absent(kind)
    assert str(refused.value) == f"device {kind} is not available: {why}"


def test_a_card_that_torch_was_not_built_for_is_told(machine) -> None:
    machine(cards=True, torch="2.13.0+cpu")
    with pytest.raises(InputError, match=r"was built without CUDA; use --device cpu, or install a CUDA build of torch"):
        refuse_absent("cuda")


def test_a_tpu_without_a_library_is_told_what_to_install(machine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine()
    monkeypatch.setattr(chips, "has_chips", lambda: True)
    with pytest.raises(InputError, match="is installed; use --device cpu, or install one of them"):
        refuse_absent("tpu")


@pytest.mark.parametrize(
    ("kind", "has"),
    [
        ("auto", {}),
        ("cpu", {}),
        ("none", {}),
        ("cuda", {"cards": True}),
        ("cuda", {"cards": True, "torch": "2.13.0+cu130"}),
        ("mps", {"system": "Darwin"}),
        ("tpu", {"installed": "torch_tpu"}),
        ("tpu", {"installed": "torch_xla"}),
        ("xla", {"installed": "torch_xla"}),
    ],
)
def test_what_may_be_here_is_left_to_torch(machine, kind: str, has: dict) -> None:
    machine(**has)
    refuse_absent(kind)


@pytest.mark.parametrize("name", ["nvidia0", "nvidia11", "kfd", "nvhost-gpu", "dxg"])
def test_a_card_may_be_reached_in_several_ways(tmp_path: Path, name: str) -> None:
    assert not has_cards(tmp_path, {})
    (tmp_path / name).touch()
    assert has_cards(tmp_path, {})
    assert has_cards(tmp_path, {"CUDA_VISIBLE_DEVICES": "0"})


def test_a_driver_without_a_card_and_a_card_that_is_hidden_are_none(tmp_path: Path) -> None:
    (tmp_path / "nvidiactl").touch()
    assert not has_cards(tmp_path, {"CUDA_VISIBLE_DEVICES": "0"})
    (tmp_path / "nvidia0").touch()
    assert not has_cards(tmp_path, {"CUDA_VISIBLE_DEVICES": ""})
    assert not has_cards(tmp_path, {"CUDA_VISIBLE_DEVICES": "-1"})


def test_nothing_that_torch_finds_is_refused_and_torch_is_not_loaded_for_it() -> None:
    program = (
        "import sys\n"
        "from trainers.contract import InputError\n"
        "from trainers.devices.absent import refuse_absent\n"
        "from trainers.devices.kinds import CHOICES\n"
        "for kind in CHOICES:\n"
        "    try:\n"
        "        refuse_absent(kind)\n"
        "    except InputError:\n"
        "        print(kind)\n"
        "assert not {'torch', 'torch_xla', 'torch_tpu'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    refused = done.stdout.split()
    from trainers.devices.select import select

    for kind in refused:
        with pytest.raises(InputError, match=f"device {kind} is not available"):
            select(kind)
    assert {"auto", "cpu"} <= set(CHOICES) - set(refused)
