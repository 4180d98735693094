"""What stands in every checkpoint, and whether one can be gone on from. Needs no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from trainers.contract import CheckpointError, Scalar, TrainerConfig

FORMAT = 1
# Settings that do not change what is learnt up to a step, and what follows from them.
FREE = (
    "epochs",
    "out",
    "resume",
    "log_every",
    "norms_every",
    "norms_of",
    "save_every",
    "num_workers",
    "prefetch",
    "cache",
    "total_steps",
    # Which of its implementations an optimizer takes is a matter of the device.
    "fused",
)

# Effective settings that a checkpoint without them had as well.
ALWAYS: Mapping[str, Scalar] = {
    "precision": "fp32",
    "accumulate": 1,
    "clip_norm": 0.0,
    "compile": False,
    "channels_last": False,
}


def head(config: TrainerConfig, effective: Mapping[str, Scalar]) -> dict[str, Any]:
    """The part of a checkpoint that says what it is one of."""
    return {
        "format": FORMAT,
        "trainer": _trainer(config),
        "config": asdict(config),
        "effective": dict(effective),
    }


def check(
    path: str | Path, state: Mapping[str, Any], config: TrainerConfig, effective: Mapping[str, Scalar]
) -> dict[str, float]:
    """The steerable settings that differ from the checkpoint's: what can change at any step can change at this one.

    A value that somebody had steered stays where the configuration is the same. Settings in `FREE` may differ too, and
    the data's path may where the effective settings have a fingerprint of the data as `data`. Raises
    `CheckpointError` for what is no checkpoint, one of another trainer, or one with other settings.
    """
    if state.get("format") != FORMAT or not all(isinstance(state.get(key), dict) for key in ("config", "effective")):
        raise unusable(path, "is no checkpoint of a trainer")
    if state.get("trainer") != _trainer(config):
        raise unusable(path, f"was saved by {state.get('trainer')}, not by {_trainer(config)}")
    given = asdict(config)
    # A setting that is newer than the checkpoint had its default.
    saved = asdict(type(config)()) | state["config"]
    steerable = [item.name for item in fields(config) if item.metadata.get("steerable")]
    steered = {key: given[key] for key in steerable if not _equal(saved[key], given[key])}
    # None means that another setting decides, and nobody can be told that in the middle.
    unfree = [key for key, value in steered.items() if value is None]
    free = (*FREE, *(key for key in steerable if key not in unfree))
    built = {key: value for key, value in ALWAYS.items() if key in effective} | state["effective"]
    # Settings that differ explain effective ones that do.
    different = _differences(saved, given, (*free, "data") if "data" in effective else free) or _differences(
        built, effective, (*FREE, *steerable)
    )
    if different:
        more = f" and {len(different) - 3} more" if len(different) > 3 else ""
        raise unusable(path, f"was saved with {', '.join(different[:3])}{more}")
    return steered


def unusable(path: str | Path, why: str) -> CheckpointError:
    """The error for a checkpoint that cannot be used, as one line."""
    text = f"checkpoint {path} {why}; resume with the file and settings it was saved with, or start over without resume"
    return CheckpointError(" ".join(text.split()))


def _trainer(config: TrainerConfig) -> str:
    return f"{type(config).__module__}.{type(config).__qualname__}"


def _differences(saved: Mapping[str, Any], given: Mapping[str, Any], free: tuple[str, ...]) -> list[str]:
    return [
        f"{key} = {saved.get(key)!r}, not {given.get(key)!r}"
        for key in {**saved, **given}
        if key not in free and not _equal(saved.get(key), given.get(key))
    ]


def _equal(one: Any, other: Any) -> bool:
    # Only a NaN differs from itself.
    both_nan = one != one and other != other
    return bool(both_nan or one == other)
