"""What a record of looks at the machine comes to: for each device and trial its mean and its largest values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from cockpit.store.folder import is_trial_id
from cockpit.store.machine.record import Sample

BLOCKS = "▁▂▃▄▅▆▇█"


@dataclass(frozen=True)
class DevicePast:
    """One device, or one trial, over all looks. What was never told is None; `course` is its load from first to last.

    Loads are per cent, for a trial cores; sizes are bytes; of `power` (W), `temperature` (°C) and `clock` (MHz) it is
    the largest.
    """

    device: str
    name: str
    load_mean: float | None
    load_most: float | None
    used_most: float | None
    total: float | None
    power: float | None
    temperature: float | None
    clock: float | None
    course: tuple[float | None, ...]

    @property
    def is_trial(self) -> bool:
        """Whether it is no device but a trial on this machine."""
        return _is_trial(self.device)


def devices_past(samples: Sequence[Sample]) -> list[DevicePast]:
    """One record for each device in the order in which they were first told, trials last."""
    devices = dict.fromkeys(key.rpartition("/")[0] for sample in samples for key in sample.values)
    ordered = sorted(devices, key=_is_trial)
    return [_device(device, samples) for device in ordered if device != "network"]


def seconds(samples: Sequence[Sample]) -> float:
    """From the first look to the last."""
    return samples[-1].at - samples[0].at if samples else 0.0


def blocks(course: Sequence[float | None], full: float, width: int = 20) -> str:
    """A course as a line of blocks, each the mean of its part; a blank where nothing was told."""
    parts = min(width, len(course))
    cuts = [round(part * len(course) / parts) for part in range(parts + 1)] if parts else []
    means = [_mean(_told(course[begin:end])) for begin, end in pairwise(cuts)]
    top = len(BLOCKS) - 1
    return "".join(" " if mean is None else BLOCKS[min(top, round(mean / full * top))] for mean in means)


def _device(device: str, samples: Sequence[Sample]) -> DevicePast:
    def told(*quantities: str) -> list[float]:
        keys = [f"{device}/{quantity}" for quantity in quantities]
        return [sample.values[key] for sample in samples for key in keys if key in sample.values]

    loads = told("load", "cores")
    key = f"{device}/{'cores' if _is_trial(device) else 'load'}"
    free, total = told("free"), told("total")
    used = told("used", "memory") or [whole - left for left, whole in zip(free, total, strict=False)]
    return DevicePast(
        device=device,
        name=next((sample.names[device] for sample in reversed(samples) if device in sample.names), ""),
        load_mean=_mean(loads),
        load_most=max(loads, default=None),
        used_most=max(used, default=None),
        total=max(total, default=None),
        power=max(told("power"), default=None),
        temperature=max(told("temperature"), default=None),
        clock=max(told("clock"), default=None),
        course=tuple(sample.values.get(key) for sample in samples) if loads else (),
    )


def _is_trial(device: str) -> bool:
    return is_trial_id(device.rpartition("/")[2])


def _told(values: Sequence[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
