"""What every kind of device has to keep: the processor and the lazy one always, others where they are there.

torch_xla has to be imported before anything is computed in a process, so run this file alone to try it:
`PJRT_DEVICE=CPU pytest tests/trainers/devices/test_trainer_device_contract.py`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import torch
from crossings import Crossings
from lazy_device import LazyDevice
from torch import Tensor, nn

from cockpit.engine.devices import kind_of
from trainers.contract import InputError
from trainers.devices.base import Device
from trainers.devices.kinds import CHOICES
from trainers.devices.select import select


def _kinds_here() -> list[str]:
    """Those that this machine has; `tpu` and `xla` may be the same."""
    found = []
    for kind in CHOICES[1:]:
        try:
            found.append(select(kind).kind)
        except InputError:
            continue
    return [*dict.fromkeys(found), "lazy"]


@pytest.fixture(params=_kinds_here())
def device(request: pytest.FixtureRequest) -> Iterator[Device]:
    with ExitStack() as stack:
        device = stack.enter_context(LazyDevice()) if request.param == "lazy" else select(request.param)
        device.setup(threads=1)
        yield device


def made(device: Device, values: object, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.tensor(values, dtype=dtype).to(device.torch_device)


def drawn(device: Device) -> list[float]:
    return device.read([torch.rand(8, device=device.torch_device), nn.functional.dropout(made(device, [1.0] * 8))])


def test_it_names_itself_in_one_line(device: Device) -> None:
    assert device.describe().startswith(device.torch_device.type)
    assert device.describe() == device.describe().strip()
    assert device.kind in ("lazy", kind_of(device.describe()))


def test_tensors_are_where_it_says(device: Device) -> None:
    assert made(device, [1.0]).device.type == device.torch_device.type


def test_a_seed_gives_the_same_numbers_again(device: Device) -> None:
    device.seed(7)
    first = drawn(device)
    device.seed(8)
    other = drawn(device)
    device.seed(7)
    assert drawn(device) == first != other


def test_a_saved_state_of_the_generators_goes_on_where_it_was(device: Device, tmp_path: Path) -> None:
    device.seed(7)
    drawn(device)
    device.save({"rng": device.rng_state()}, tmp_path / "last.pt")
    first = drawn(device)
    device.set_rng_state(device.load(tmp_path / "last.pt")["rng"])
    assert drawn(device) == first


def test_states_of_another_device_are_left_aside(device: Device) -> None:
    device.set_rng_state({"host": torch.get_rng_state(), "elsewhere": torch.zeros(3)})


def test_read_keeps_order_and_values_of_all_types(device: Device) -> None:
    values = [
        made(device, 3, torch.int64),
        made(device, [[1.5, -2.5], [0.25, 4.0]]),
        made(device, [True, False], torch.bool),
        made(device, [1.0, 3.0], torch.bfloat16),
        made(device, 0.5, torch.float16),
        made(device, [7.0]).requires_grad_(),
        made(device, [], torch.float32),
        made(device, 255, torch.uint8),
    ]
    expected = [3.0, 1.5, -2.5, 0.25, 4.0, 1.0, 0.0, 1.0, 3.0, 0.5, 7.0, 255.0]
    assert device.read(values) == expected
    assert device.read([]) == []


def test_what_is_no_number_arrives_as_it_is(device: Device) -> None:
    first, second, third = device.read([made(device, [math.nan, math.inf, -math.inf])])
    assert math.isnan(first)
    assert (second, third) == (math.inf, -math.inf)


def test_packs_travel_together_and_come_apart_again(device: Device) -> None:
    packs = [
        device.pack([made(device, [1.0, 2.0]), made(device, 3)]),
        device.pack([]),
        device.pack([made(device, 4.0)]),
    ]
    if device.kind != "cpu":  # where nothing has to travel
        assert all(pack.dtype == torch.float32 and pack.dim() == 1 for pack in packs)
        assert all(pack.device.type == device.torch_device.type for pack in packs)
    device.step_end()
    fetched = device.fetch(packs)
    assert fetched.floats() == [[1.0, 2.0, 3.0], [], [4.0]]


def test_what_was_fetched_is_not_changed_by_later_steps(device: Device) -> None:
    value = made(device, [1.0])
    pack = device.pack([value])
    device.step_end()
    fetched = device.fetch([pack])
    value.add_(1.0)
    device.step_end()
    assert fetched.floats() == [[1.0]]


def test_a_flush_is_one_copy(device: Device) -> None:
    packs = [device.pack([made(device, [float(step)]), made(device, [2.0, 3.0])]) for step in range(5)]
    device.step_end()
    before = transfers_of_xla(device)
    with Crossings() as crossings:
        fetched = device.fetch(packs)
        assert len(fetched.floats()) == 5
    assert crossings.count + transfers_of_xla(device) - before == (device.kind != "cpu")


def transfers_of_xla(device: Device) -> int:
    """Copies to the host so far that torch does not hear of; none where the device has no such."""
    if device.kind != "xla":
        return 0
    from torch_xla.debug import metrics

    return int((metrics.metric_data("TransferFromDeviceTime") or [0])[0])


def test_a_checkpoint_opens_where_the_device_is_not(device: Device, tmp_path: Path) -> None:
    state = {
        "half": made(device, [1.0, 2.0], torch.bfloat16),
        "whole": [made(device, [3], torch.int64), {"flags": made(device, [True], torch.bool)}],
        "weight": nn.Parameter(made(device, [0.5])),
        "step": 3,
    }
    device.save(state, tmp_path / "last.pt")
    opened = torch.load(tmp_path / "last.pt", weights_only=True)
    assert opened["half"].tolist() == [1.0, 2.0]
    assert opened["half"].dtype == torch.bfloat16
    assert opened["whole"][0].tolist() == [3]
    assert opened["whole"][1]["flags"].tolist() == [True]
    assert (type(opened["weight"]), opened["weight"].tolist()) == (Tensor, [0.5])
    assert opened["weight"].device.type == "cpu"
    assert opened["step"] == 3


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_mixed_precision_computes_the_same_within_its_digits(device: Device, precision: str) -> None:
    x = made(device, [[1.0, 2.0], [3.0, 4.0]])
    with device.autocast(precision):
        product = x @ x
    assert device.read([product]) == pytest.approx([7.0, 10.0, 15.0, 22.0], rel=1e-2)
    assert product.dtype in ((torch.float32,) if precision == "fp32" else (torch.bfloat16, torch.float32))


def test_memory_can_be_given_back_at_any_time(device: Device) -> None:
    device.free()
    kept = made(device, [1.0])
    device.free()
    assert device.read([kept]) == [1.0]


def test_counters_are_numbers(device: Device) -> None:
    assert all(isinstance(value, float) for value in device.counters().values())


def test_it_pins_and_flushes_sensibly(device: Device) -> None:
    assert 0.0 <= device.flush_seconds <= 10.0
    assert device.reason == ""


def test_training_gives_the_losses_of_the_processor(device: Device) -> None:
    assert losses(device) == pytest.approx(losses(select("cpu")), abs=1e-4)


def losses(device: Device) -> list[float]:
    """Of some steps as the loop makes them, read at the end."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.GELU(), nn.LayerNorm(8), nn.Linear(8, 3)).to(device.torch_device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.05)
    packs = []
    for _ in range(6):
        x, labels = torch.randn(16, 4).to(device.torch_device), torch.randint(3, (16,)).to(device.torch_device)
        optimizer.zero_grad(set_to_none=True)
        loss = nn.functional.cross_entropy(model(x), labels)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        packs.append(device.pack([loss]))
        device.step_end()
    return [loss for (loss,) in device.fetch(packs).floats()]


def test_a_step_of_known_shapes_compiles_nothing_new(device: Device) -> None:
    losses(device)
    before = device.counters().get("compiles", 0.0)
    losses(device)
    assert device.counters().get("compiles", 0.0) == before
