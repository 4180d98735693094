"""Loads parts of pretrained models without a word on the terminal."""

from __future__ import annotations

import socket
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

from trainers.contract import InputError

# The name of the encoder that comes without weights.
SMALL = "small"
# transformers imports a model's module when one is built, which takes longer than an epoch of the small encoder.
PRELOAD = ("transformers.models.bert.modeling_bert", "transformers.tokenization_utils_tokenizers")


def load_pretrained(loader: Any, name: str, setting: str) -> Any:
    """`loader.from_pretrained(name)` for an Auto class of transformers.

    Progress bars are switched off for the process: the screen belongs to whoever drives the trainer. Raises
    `InputError` naming the setting when there is no such model, or when its weights are not on this machine and the
    hub cannot be reached; that is found out at once, where the hub's own client tries again for a minute.
    """
    from transformers.utils import logging

    quiet: Any = logging.disable_progress_bar
    quiet()
    offline = not Path(name).is_dir() and not _hub_answers()
    try:
        return loader.from_pretrained(name, local_files_only=offline)
    except (OSError, ValueError, ImportError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        if offline:
            reason = "it is not on this machine and the hub cannot be reached; give a folder with its weights"
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


@cache
def _hub_answers() -> bool:
    """Whether the hub's host takes connections. Behind a proxy that is for the proxy to say."""
    from huggingface_hub import constants

    address = urlsplit(constants.ENDPOINT)
    try:
        if not getproxies():
            socket.create_connection((address.hostname or "", address.port or 443), timeout=5.0).close()
        return True
    except OSError:
        return False
