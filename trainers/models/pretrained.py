"""Loads parts of pretrained models without a word on the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from trainers.contract import InputError

# The name of the encoder that comes without weights.
SMALL = "small"


def load_pretrained(loader: Any, name: str, setting: str) -> Any:
    """`loader.from_pretrained(name)` for an Auto class of transformers.

    Progress bars are switched off for the process: the screen belongs to whoever drives the trainer. Raises
    `InputError` naming the setting when there is no such model.
    """
    from transformers.utils import logging

    quiet: Any = logging.disable_progress_bar
    quiet()
    try:
        return loader.from_pretrained(name)
    except (OSError, ValueError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise InputError(f"{setting} {name!r} cannot be loaded: {reason}") from error


def check_model(name: str, setting: str = "model") -> None:
    """Raises `InputError` for a folder that holds no model. Whether a hub name exists shows when it is loaded."""
    looks_like_folder = name.startswith((".", "/", "~")) or name.count("/") > 1
    if name == SMALL or not (looks_like_folder or Path(name).is_dir()):
        return
    if not (Path(name) / "config.json").is_file():
        raise InputError(
            f"{setting} {name!r} is no folder of a transformers model (it has no config.json); "
            "give the folder that save_pretrained wrote, a hub name, or small"
        )
