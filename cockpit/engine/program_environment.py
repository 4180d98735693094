"""What a program finds in its environment: the cockpit's variables, and W&B's as its sweep agent sets them."""

from __future__ import annotations

import os
from hashlib import blake2b
from pathlib import Path

from cockpit.engine.ranks import RANK_VARIABLES
from cockpit.engine.request import TrialRequest
from cockpit.search.yaml_text import render
from trainers.devices import chips
from trainers.devices.autoload import prevention


def own_events_file(request: TrialRequest) -> Path:
    """Where the program may record events itself. The trial's own events have one writer, which copies these."""
    return request.path / "program.jsonl"


def program_environment(request: TrialRequest) -> dict[str, str]:
    """The environment of the program; writes the files that it names, but for the trial's `config.json`.

    Scripts that call `wandb.init()` get their configuration and go on without a network, unless `WANDB_MODE` is set.
    """
    parameters = request.path / "wandb-config.yaml"
    values = {name: {"value": value} for name, value in request.config.items()}
    parameters.write_text("wandb_version: 1\n\n" + (render(values) if values else ""), encoding="utf-8")
    ours = {
        # In a pipe Python would keep what it prints until there is a lot of it.
        "PYTHONUNBUFFERED": "1",
        "COCKPIT_EVENTS": str(own_events_file(request)),
        "COCKPIT_TRIAL": f"{request.experiment}/{request.trial}",
        "COCKPIT_CONFIG": str(request.path / "config.json"),
        "COCKPIT_DEVICE": request.device,
        "WANDB_RUN_ID": _run_id(request),
        "WANDB_SWEEP_ID": request.experiment,
        "WANDB_SWEEP_PARAM_PATH": str(parameters),
        "WANDB_MODE": os.environ.get("WANDB_MODE", "offline"),
    }
    if request.checkpoint:  # which an earlier attempt said that it had saved
        ours["COCKPIT_CHECKPOINT"] = request.checkpoint
    hidden = {"CUDA_VISIBLE_DEVICES": ""} if request.device == "cpu" else {}
    quiet = {} if chips.has_chips() else prevention(os.environ)
    # The place of the whole sweep in some larger job is none of its trials'; what is their own comes later.
    inherited = {name: value for name, value in os.environ.items() if name not in RANK_VARIABLES}
    return {**inherited, **quiet, **ours, **request.environment, **hidden}


def _run_id(request: TrialRequest) -> str:
    """Like no other run's, so that none takes another's place when they are synced into one project."""
    where = blake2b(f"{os.uname().nodename}:{request.folder}".encode(), digest_size=4).hexdigest()
    return f"{request.experiment}-{request.trial}-{request.attempt}-{where}"
