"""What stands in every checkpoint, and whether one can be gone on from. Needs no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from trainers.contract import CheckpointError, Scalar, TrainerConfig

FORMAT = 1
# Settings that do not change what is learnt up to a step, and what follows from them.
FREE = ("epochs", "out", "resume", "log_every", "norms_every", "num_workers", "total_steps")


def head(config: TrainerConfig, effective: Mapping[str, Scalar]) -> dict[str, Any]:
    """The part of a checkpoint that says what it is one of."""
    return {
        "format": FORMAT,
        "trainer": _trainer(config),
        "config": asdict(config),
        "effective": dict(effective),
    }


def check(path: str | Path, state: Mapping[str, Any], config: TrainerConfig, effective: Mapping[str, Scalar]) -> None:
    """Raises `CheckpointError` for what is no checkpoint, one of another trainer, or one with other settings.

    Settings in `FREE` and those that `changed` names may differ, and the data's path may where the effective settings
    have a fingerprint of the data as `data`.
    """
    if state.get("format") != FORMAT or not all(isinstance(state.get(key), dict) for key in ("config", "effective")):
        raise unusable(path, "is no checkpoint of a trainer")
    if state.get("trainer") != _trainer(config):
        raise unusable(path, f"was saved by {state.get('trainer')}, not by {_trainer(config)}")
    # A setting that is newer than the checkpoint had its default.
    saved = asdict(type(config)()) | state["config"]
    moved = changed(state, config)
    free = (*FREE, *moved, *(("data",) if "data" in effective else ()))
    # Effective settings follow those that may be changed; any other difference explains itself by its setting.
    following = _steerable(config) if moved else ()
    different = _differences(saved, asdict(config), free)
    different = different or _differences(state["effective"], effective, (*FREE, *following))
    if different:
        more = f" and {len(different) - 3} more" if len(different) > 3 else ""
        raise unusable(path, f"was saved with {', '.join(different[:3])}{more}")


def changed(state: Mapping[str, Any], config: TrainerConfig) -> dict[str, float]:
    """Settings that can be changed while a trial runs, and that the config has otherwise than the checkpoint.

    Those of the config count: somebody goes on with other values than the checkpoint was saved with.
    """
    pairs = {name: (state["config"].get(name), getattr(config, name)) for name in _steerable(config)}
    return {
        name: new
        for name, (old, new) in pairs.items()
        if isinstance(old, int | float) and isinstance(new, int | float) and old != new
    }


def _steerable(config: TrainerConfig) -> tuple[str, ...]:
    return tuple(item.name for item in fields(config) if item.metadata.get("steerable"))


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
