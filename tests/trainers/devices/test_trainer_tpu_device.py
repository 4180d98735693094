"""torch_tpu as far as it goes without a chip: how it is loaded, and what is said where that does not work."""

from __future__ import annotations

import types
from collections.abc import Callable

import pytest
import torch

from trainers.contract import InputError
from trainers.devices import select as selecting
from trainers.devices import tpu
from trainers.devices.select import select


class BackEnd:
    """An entry point of `torch.backends`, whose function does `work`."""

    def __init__(self, work: Callable[[], object]) -> None:
        self.work = work

    def load(self) -> Callable[[], object]:
        return self.work


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Installs a stand-in for torch_tpu, that finds a chip or none."""

    def install(work: Callable[[], object] = lambda: None, chip: bool = False) -> None:
        found = types.SimpleNamespace(type="tpu") if chip else None
        monkeypatch.setattr(selecting, "is_installed", lambda package: True)
        monkeypatch.setattr(tpu, "entry_points", lambda **_: [BackEnd(work)])
        monkeypatch.setattr(torch.accelerator, "current_accelerator", lambda: found)
        monkeypatch.setattr(torch.accelerator, "is_available", lambda: chip)
        monkeypatch.setattr(torch.accelerator, "current_device_index", lambda: 0)
        generator = torch.Generator()
        module = types.SimpleNamespace(get_device_name=lambda: "TPU v6e", default_generators=(generator,))
        monkeypatch.setattr(torch, "get_device_module", lambda kind: module)

    return install


def test_it_is_loaded_when_it_is_chosen_and_not_before(installed: Callable[..., None]) -> None:
    loaded: list[bool] = []
    installed(lambda: loaded.append(True), chip=True)
    device = select("tpu")
    assert loaded == [True]
    assert (device.kind, device.describe()) == ("tpu", "tpu TPU v6e")


def test_its_generator_is_kept_with_a_checkpoint(installed: Callable[..., None]) -> None:
    installed(chip=True)
    device = select("tpu")
    state = device.rng_state()
    (generator,) = torch.get_device_module("tpu").default_generators
    first = torch.rand(3, generator=generator)
    device.set_rng_state(state)
    assert torch.equal(torch.rand(3, generator=generator), first)


def test_without_a_chip_it_is_refused_in_one_line(installed: Callable[..., None]) -> None:
    installed()
    with pytest.raises(InputError, match="device tpu is not available: torch_tpu finds no TPU chip") as refusal:
        select("tpu")
    assert "\n" not in str(refusal.value)


def test_one_that_does_not_fit_torch_is_refused_in_one_line(installed: Callable[..., None]) -> None:
    def broken() -> None:
        raise ImportError("undefined symbol:\n _ZN5torch")

    installed(broken)
    with pytest.raises(InputError, match="not available: undefined symbol: _ZN5torch; `cockpit doctor`"):
        select("tpu")


def test_several_processes_are_refused(installed: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    installed(chip=True)
    for name, value in {"RANK": "0", "LOCAL_RANK": "0", "WORLD_SIZE": "2", "MASTER_PORT": "1"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MASTER_ADDR", "127.0.0.1")
    with pytest.raises(InputError, match="trains in one process"):
        select("tpu").setup(threads=1)
