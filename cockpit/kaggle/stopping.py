"""Asks a run at Kaggle to stop by itself.

A private dataset of the user, `cockpit-control`, has one version for each stop that was asked for, whose note names the
kernel. It is made when the first run with a network is pushed, so that a run can tell at its start whether it is able
to read it; see `runner`.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from cockpit.kaggle import datasets
from cockpit.kaggle.client import Client, split_ref
from cockpit.kaggle.errors import KaggleError, RefusedError
from cockpit.kaggle.intents import Intent, Ledger, Outcome, Settling
from cockpit.kaggle.marked import RECEIPT, Lines, parsed

SLUG, FILE = "cockpit-control", "stop.json"


class How(Enum):
    """What was done to end a run."""

    ENDED = "ended by the number of its session"
    ASKED = "asked to stop"
    ASKED_UNSURE = "asked to stop, and it is not known whether it hears"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Ways:
    """How a run can be ended: `listens` is None where nobody knows whether it hears, `session` its number or None."""

    listens: bool | None
    session: int | None


def control_of(user: str) -> str:
    """The dataset that a user's runs look at."""
    return f"{user}/{SLUG}"


def ensure_control(client: Client, ledger: Ledger, ref: str, settling: Settling) -> None:
    """Make the control dataset unless it is there. Raises `KaggleError`."""
    if client.dataset_state(ref) is None:
        with tempfile.TemporaryDirectory(prefix="cockpit-control-") as folder:
            datasets.create_scanned(client, ledger, _folder(ref, Path(folder), ""), settling)


def ask_to_stop(client: Client, ledger: Ledger, kernel: str, ready_seconds: float, settling: Settling) -> Outcome[str]:
    """Write the version of the control dataset that says so, once for each kernel.

    Waits until the version before it has been processed. Raises `KaggleError`.
    """
    ref = control_of(split_ref(kernel)[0])
    datasets.wait_ready(client, ref, ready_seconds, min(5.0, ready_seconds))
    with tempfile.TemporaryDirectory(prefix="cockpit-control-") as folder:
        return datasets.version(client, ledger, _folder(ref, Path(folder), kernel), f"stop {kernel}", settling)


def ways(client: Client, kernel: str, made: Intent | None) -> Ways:
    """What the run said of itself, by the ledger or else by its log. A run without a network cannot hear."""
    if made is not None and not made.facts.get("internet"):
        return Ways(False, _session(_receipt(client, kernel, made)))
    said = _receipt(client, kernel, made)
    if not said:
        return Ways(None if made is not None else False, None)
    return Ways(said.get("deaf") == "", _session(said))


def end(client: Client, ledger: Ledger, kernel: str, found: Ways, ready_seconds: float, settling: Settling) -> How:
    """End a run in the mildest way that there is: one that hears stops by itself, and keeps what it has.

    Raises `KaggleError` where a way that there is fails; a number that is no session's counts for none.
    """
    if found.listens is not False:
        ask_to_stop(client, ledger, kernel, ready_seconds, settling)
        return How.ASKED if found.listens else How.ASKED_UNSURE
    if found.session is not None:
        try:
            client.cancel_session(found.session)
        except RefusedError:
            return How.NOTHING
        return How.ENDED
    return How.NOTHING


def _receipt(client: Client, kernel: str, made: Intent | None) -> Mapping[str, Any]:
    known = made.result.get("receipt") if made is not None else None
    if isinstance(known, dict):
        return known
    lines = Lines()
    try:
        events = client.log_so_far(kernel)
    except KaggleError:
        return {}
    for event in events:
        for line in lines.feed(event):
            said = parsed(line)
            if said is not None and said.get("kind") == RECEIPT:
                return said
    return {}


def _session(said: Mapping[str, Any]) -> int | None:
    number = said.get("session")
    return number if isinstance(number, int) and not isinstance(number, bool) and number > 0 else None


def _folder(ref: str, folder: Path, kernel: str) -> datasets.Folder:
    (folder / FILE).write_text(json.dumps({"stop": kernel}) + "\n", encoding="utf-8")
    (folder / datasets.METADATA).write_text("{}\n", encoding="utf-8")
    return datasets.Folder(folder, ref, SLUG.replace("-", " "), datasets.LICENSE)
