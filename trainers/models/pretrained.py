"""Loads parts of pretrained models without a word on the terminal."""

from __future__ import annotations

from typing import Any

from trainers.contract import InputError


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
