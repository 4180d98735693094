from __future__ import annotations

import sys
import types
from pathlib import Path

import pytest
import torch

from trainers import registry
from trainers.contract import InputError
from trainers.devices.cpu import CpuDevice
from trainers.devices.select import select, select_for


class FakeXla(types.ModuleType):
    """Records the syncs that a real torch_xla would do; its device is the processor."""

    def __init__(self) -> None:
        super().__init__("torch_xla")
        self.syncs = 0
        self.seeds: list[int] = []
        self.core = types.ModuleType("torch_xla.core")
        self.model = types.ModuleType("torch_xla.core.xla_model")
        self.model.set_rng_state = lambda seed, device: self.seeds.append(seed)  # type: ignore[attr-defined]
        self.model.get_rng_state = lambda device: 42  # type: ignore[attr-defined]
        self.runtime = types.ModuleType("torch_xla.runtime")
        self.runtime.global_runtime_device_count = lambda: 1  # type: ignore[attr-defined]
        self.debug = types.ModuleType("torch_xla.debug")
        self.debug.metrics = types.SimpleNamespace(metric_data=lambda name: (3, 2e9, []))  # type: ignore[attr-defined]
        on_host = types.SimpleNamespace(_xla_get_cpu_tensors=lambda tensors: [tensor.cpu() for tensor in tensors])
        self._XLAC = on_host

    def device(self) -> torch.device:
        return torch.device("cpu")

    def sync(self) -> None:
        self.syncs += 1


@pytest.fixture
def fake_xla(monkeypatch: pytest.MonkeyPatch) -> FakeXla:
    fake = FakeXla()
    monkeypatch.setitem(sys.modules, "torch_xla", fake)
    monkeypatch.setitem(sys.modules, "torch_xla.core", fake.core)
    monkeypatch.setitem(sys.modules, "torch_xla.runtime", fake.runtime)
    monkeypatch.setitem(sys.modules, "torch_xla.debug", fake.debug)
    monkeypatch.setitem(sys.modules, "torch_xla.core.xla_model", fake.model)
    return fake


def test_the_processor_is_always_there() -> None:
    device = select("cpu")
    device.setup(threads=1)
    assert (device.kind, device.torch_device.type, device.describe()) == ("cpu", "cpu", "cpu (1 thread)")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a card here")
def test_cuda_without_a_card_is_refused_in_one_line() -> None:
    with pytest.raises(InputError, match="device cuda is not available") as refusal:
        select("cuda")
    assert "\n" not in str(refusal.value)
    assert select("auto").kind == "cpu"


def test_tpu_without_torch_xla_is_refused_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch_xla", None)
    with pytest.raises(InputError, match="device tpu is not available") as refusal:
        select("tpu")
    assert "\n" not in str(refusal.value)


def test_unknown_kinds_are_refused_with_the_list() -> None:
    with pytest.raises(InputError, match="unknown device 'gpu': give one of auto, cpu, cuda, mps, xla, tpu"):
        select("gpu")


def test_xla_syncs_at_the_end_of_a_step_and_before_reading(fake_xla: FakeXla) -> None:
    device = select("tpu")
    device.seed(7)
    device.step_end()
    assert fake_xla.syncs == 1
    assert device.read([torch.tensor(1.5)]) == [1.5]
    assert fake_xla.syncs == 2
    assert fake_xla.seeds == [7]
    assert int(device.rng_state()["xla"]) == 42
    assert device.counters() == {"compiles": 3.0, "compile_seconds": 2.0}


def test_a_trainer_without_torch_gets_a_device_without_torch() -> None:
    assert select_for(registry.find("toy"), "auto").kind == "none"
    assert select_for(registry.find("matching"), "cpu").kind == "cpu"


def test_read_flattens_any_types_in_order() -> None:
    values = [torch.tensor(1), torch.tensor([2.5, 3.5], dtype=torch.float64), torch.ones(1, 1, requires_grad=True)]
    assert CpuDevice().read(values) == [1.0, 2.5, 3.5, 1.0]
    assert CpuDevice().read([]) == []


def test_saved_objects_open_without_trusting_them(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "last.pt"
    weight = torch.nn.Parameter(torch.arange(3.0))
    CpuDevice().save({"model": {"w": weight}, "step": 3}, path)
    opened = torch.load(path, weights_only=True)
    assert torch.equal(opened["model"]["w"], torch.arange(3.0))
    assert not opened["model"]["w"].requires_grad
    assert [file.name for file in path.parent.iterdir()] == ["last.pt"]


def test_a_failed_save_leaves_the_former_file(tmp_path: Path) -> None:
    path = tmp_path / "last.pt"
    CpuDevice().save({"step": 1}, path)
    with pytest.raises(Exception, match="pickle"):
        CpuDevice().save({"step": 2, "bad": lambda: None}, path)
    assert torch.load(path, weights_only=True) == {"step": 1}
    assert [file.name for file in tmp_path.iterdir()] == ["last.pt"]
