"""Has a trained model looked at once more, by a process of its own, because that loads torch and takes memory."""

from __future__ import annotations

import json
from typing import Any

from cockpit.checks.finding import UNKNOWN, Finding
from cockpit.checks.verdicts import verdicts
from cockpit.engine.trainer_child import ask
from cockpit.engine.trainer_work import TrainerWork
from cockpit.events.text import one_line
from cockpit.search.errors import SearchError
from cockpit.search.reader import load
from cockpit.store.folder import RunFolder
from trainers.contract import InputError
from trainers.devices.absent import refuse_absent
from trainers.devices.kinds import AUTO

CHECK = "second look"
ALONE = 512  # rows that come one by one; more would tell nothing new and take long
CHECKPOINTS = ("best.pt", "last.pt")


def recheck(run: RunFolder, trial: str, device: str = AUTO) -> list[Finding]:
    """What a second look at the model of a trial finds; one finding that says why where it cannot be looked at."""
    try:
        return verdicts(_answer(_request(run, trial, device)))
    except (InputError, SearchError) as error:
        return [Finding(CHECK, UNKNOWN, one_line(str(error)), (trial,))]


def refuse_device(run: RunFolder, trial: str, device: str) -> None:
    """Raises `InputError` where the model can be looked at again, and not on this device, which is not here."""
    try:
        refuse_absent(device)
    except InputError:
        if _can_be_looked_at(run, trial):
            raise


def _can_be_looked_at(run: RunFolder, trial: str) -> bool:
    """Where it cannot, nothing computes, and `recheck` says why."""
    try:
        _request(run, trial, AUTO)
    except (InputError, SearchError):
        return False
    return True


def _request(run: RunFolder, trial: str, device: str) -> dict[str, Any]:
    """Raises `InputError` and `SearchError` for what was not trained by a trainer, or left nothing to look at."""
    folder = run.trial(trial)
    if not run.search.exists():
        raise InputError(f"{run.id} ran a program, whose model only it can evaluate")
    search = load(run.search)
    if search.trainer is None:
        raise InputError(f"{run.id} ran a program, whose model only it can evaluate")
    work = TrainerWork.of(search)
    if not work.trainer.uses_torch:
        raise InputError(f"{work.name} trains no torch model, so there is nothing to look at again")
    try:
        config = json.loads(folder.config.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{folder.config}: cannot be read ({one_line(str(error), 100)})") from None
    checkpoint = next((path for path in map(folder.path.joinpath, CHECKPOINTS) if path.exists()), None)
    if checkpoint is None:
        raise InputError(f"{run.id}/{trial} has neither {' nor '.join(CHECKPOINTS)}")
    return {
        "trainer": work.asked,
        "config": config,
        "checkpoint": str(checkpoint.resolve()),
        "device": device,
        "threads": 0,
        "alone": ALONE,
    }


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    """What `trainers.recheck` answers. Raises `InputError` with its complaint, or with how it died."""
    try:
        return ask("trainers.recheck", request)
    except InputError as error:
        raise InputError(f"the model cannot be evaluated again: {error}") from error
