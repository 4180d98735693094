"""torch.compile as a setting. What really compiles takes as long as a C++ compiler does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from untimed import untimed

from trainers import compiling, loop
from trainers.configs.torch_config import TorchConfig
from trainers.contract import Event, Events, Save, Saved, Step
from trainers.devices.cpu import CpuDevice
from trainers.schedule import Schedule

pytestmark = [
    pytest.mark.slow,
    # The compiler's own modules use what torch has given up.
    pytest.mark.filterwarnings("ignore::DeprecationWarning:torch"),
]

INPUTS = torch.randn(6, 5, 3, generator=torch.Generator().manual_seed(3))


class Net(nn.Module):
    """A layer, dropout and another layer."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(3, 4), nn.Linear(4, 1)

    def forward(self, rows: Tensor) -> Tensor:
        found: Tensor = self.last(torch.tanh(self.first(rows)))
        return found


def begin(config: TorchConfig) -> tuple[loop.Task, Events]:
    device = CpuDevice()
    device.setup(threads=1)
    torch.manual_seed(0)
    net = Net()
    if config.compile:
        compiling.compile_in_place(net, device)
    optimizer = torch.optim.AdamW(net.parameters(), lr=0.01)

    def evaluate() -> dict[str, float]:
        with torch.no_grad():
            return {"score": float(net(INPUTS[0, :3]).mean())}

    task = loop.Task(
        model=net,
        optimizer=optimizer,
        groups=("all",),
        schedule=Schedule(optimizer, ("all",)),
        batches=[*INPUTS],
        order=torch.Generator(),
        loss=lambda rows: {"loss": (net(rows) - 1).square().mean()},
        evaluate=evaluate,
        main_metric="score",
        goal="maximize",
        effective={"compile": compiling.is_compiled(net)},
        precision=config.precision,
    )
    return task, loop.run(task, config, device)


def losses(events: list[Event]) -> list[float]:
    return [event.metrics["loss"] for event in events if isinstance(event, Step)]


@pytest.fixture(autouse=True)
def _kernels(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path_factory.getbasetemp() / "kernels"))
    monkeypatch.setenv("TORCHINDUCTOR_COMPILE_THREADS", "1")


def test_a_compiled_network_trains_evaluates_and_goes_on_as_it_does_without(tmp_path: Path) -> None:
    plain = list(begin(TorchConfig(epochs=2.0))[1])
    task, run = begin(TorchConfig(epochs=2.0, compile=True, norms_every=2, out=str(tmp_path / "whole")))
    events = list(run)
    assert losses(events) == pytest.approx(losses(plain), abs=1e-5)
    assert list(task.model.state_dict()) == list(Net().state_dict())
    compiles = [event.metrics["compiles"] for event in events if isinstance(event, Step)]
    assert compiles[0] >= 1
    assert compiles[5] == compiles[0], "nothing is compiled after the first step"

    _, cut = begin(TorchConfig(epochs=2.0, compile=True, norms_every=2, out=str(tmp_path / "cut")))
    before = [next(cut) for _ in range(4)]
    saved = cut.send(Save())
    cut.close()
    assert isinstance(saved, Saved)
    _, rest = begin(TorchConfig(epochs=2.0, compile=True, norms_every=2, resume=saved.path))
    told = [untimed(event) for event in [*before, *rest] if isinstance(event, Step)]
    expected = [untimed(event) for event in events if isinstance(event, Step)]
    for one, other in zip(told, expected, strict=True):
        assert one | {"compiles": 0.0} == other | {"compiles": 0.0}


def test_the_stand_in_of_the_compiler_makes_room_for_it() -> None:
    """In a process of its own, where nothing has loaded the compiler yet."""
    script = """
import sys
from trainers.devices import compiler
compiler.defer()
import torch
assert type(torch._dynamo).__name__ == "_Deferred"
compiler.load()
assert torch._dynamo is sys.modules["torch._dynamo"]
assert hasattr(torch._dynamo, "optimize")
compiler.load()
"""
    assert subprocess.run([sys.executable, "-c", script], timeout=120, check=False).returncode == 0
