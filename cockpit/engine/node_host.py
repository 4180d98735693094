"""What a sweep has on each further node of a cluster: an actor of Ray that starts trials there and sends their records.

The driver makes one for each node and owns it, so it ends with the sweep however that ends; the warm parent ends with
it by its standard input, and so do the trials. Its files are in a private folder of the node.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import ray

from cockpit.engine.channel import Message
from cockpit.engine.needs import Needs, differences, problems
from cockpit.engine.ray_guard import guarded_folder
from cockpit.engine.request import TrialRequest
from cockpit.engine.shipping import PIECE_BYTES, Follower, Shipment
from cockpit.engine.warm_client import WarmParentProcess

ANSWER_SECONDS = 120.0  # for one piece; longer than Ray needs to notice that a node is gone
LAST_SECONDS = 60.0  # for what is still to be sent when a trial ends


class RefusedError(Exception):
    """Trials cannot run on this node. One line, which names it."""


@dataclass(frozen=True)
class Report:
    """What a host finds on its node: why no trial can run there, and what is worth knowing."""

    problems: list[str]
    notes: list[str]


class NodeHost:
    """Runs as an actor of Ray; several threads call it. `recorder` is the actor that writes the run folder."""

    def __init__(self, recorder: Any, needs: Mapping[str, Any], preload: tuple[str, ...]) -> None:
        os.umask(0o077)
        self._recorder = recorder
        self._needs = Needs(**needs)
        self._report: Report | None = None
        self._shipments: dict[str, Shipment] = {}
        self._over = threading.Event()
        self._stack = ExitStack()
        # With this for a package, the warm parent and its trials are the watchdog's business: they name the folder too.
        self._folder = self._stack.enter_context(guarded_folder(Path(sys.prefix), in_a_worker=True))
        tempfile.tempdir = str(self._folder)  # nothing of a host that is killed stays behind anywhere else
        self._log = self._folder / "warm.log"
        log = self._stack.enter_context(self._log.open("ab"))
        self._warm = self._stack.enter_context(WarmParentProcess(preload, log))

    def stay(self) -> None:
        """Return when this is over; so the driver hears of it."""
        self._over.wait()

    def report(self) -> Report:
        """Look whether everything is there that trials need."""
        if self._report is None:
            self._report = Report(list(problems(self._needs)), differences(self._needs))
        return self._report

    def take_in(self, request: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
        """Make an attempt's folder, with the checkpoint it goes on from, and follow what is written there.

        Returns the request as it is to be asked of the warm parent here, and that one's socket. Raises `RefusedError`.
        """
        asked = TrialRequest(**request)
        found = self.report().problems
        if found:
            raise RefusedError(f"{ray.util.get_node_ip_address()} takes no trials: {found[0]}")
        folder = self._folder / "trials" / asked.name
        folder.mkdir(parents=True)
        local = replace(
            asked,
            folder=str(folder),
            checkpoint=self._fetch(asked.checkpoint, folder / "from") if asked.checkpoint else "",
            command=tuple(word.replace(asked.folder, str(folder)) for word in asked.command),
        )
        self._shipments[asked.name] = Shipment(Follower(folder, _AttemptSink(self._recorder, asked)))
        return local.to_json(), self._warm.socket_path

    def flush(self, attempt: str, seconds: float) -> bool:
        """Wait until what an attempt has written so far is in the run folder. False when it is not in time."""
        shipment = self._shipments.get(attempt)
        return shipment is None or shipment.flush(seconds)

    def let_go(self, attempt: str) -> bool:
        """An attempt is over: send the rest of it and forget it. False when something could not be sent."""
        shipment = self._shipments.pop(attempt, None)
        arrived = shipment is None or shipment.close(LAST_SECONDS)
        shutil.rmtree(self._folder / "trials" / attempt, ignore_errors=True)
        return arrived

    def signal_trial(self, attempt: str, number: int) -> None:
        self._warm.signal_trial(attempt, number)

    def order_trial(self, attempt: str, order: Message) -> None:
        self._warm.order_trial(attempt, order)

    def terminate_trials(self) -> None:
        self._warm.terminate_trials()

    def close(self) -> str:
        """End everything here. Returns what the warm parent had to say."""
        for attempt in list(self._shipments):
            self.let_go(attempt)
        said = self._log.read_text(errors="replace")[-(1 << 16) :]
        self._stack.close()
        self._over.set()
        return said

    def _fetch(self, checkpoint: str, folder: Path) -> str:
        """Copy a checkpoint from the run folder. One that cannot be read is not there, as the trial will find."""
        target = folder / Path(checkpoint).name
        folder.mkdir()
        part = target.with_suffix(".part")
        try:
            with part.open("wb") as file:
                while piece := _ask(self._recorder.read, checkpoint, file.tell(), PIECE_BYTES):
                    file.write(piece)
            part.replace(target)
        except OSError as error:
            print(f"checkpoint {checkpoint} cannot be fetched: {error}")
        return str(target)


class _AttemptSink:
    """The recorder on the driver's node, for one attempt."""

    def __init__(self, recorder: Any, request: TrialRequest) -> None:
        self._recorder = recorder
        self._attempt = (request.trial, request.attempt)

    def begin(self, name: str) -> int:
        return int(_ask(self._recorder.begin, *self._attempt, name))

    def append(self, name: str, base: int, offset: int, data: bytes) -> int:
        return int(_ask(self._recorder.append, *self._attempt, name, base, offset, data))

    def put(self, name: str, offset: int, data: bytes) -> int:
        return int(_ask(self._recorder.put, *self._attempt, name, offset, data))

    def commit(self, base: int, offset: int, lines: bytes, files: Mapping[str, int]) -> int:
        return int(_ask(self._recorder.commit, *self._attempt, base, offset, lines, dict(files)))


def _ask(method: Any, *arguments: Any) -> Any:
    """Call an actor and wait: one piece at a time is on its way, so nothing piles up."""
    return ray.get(method.remote(*arguments), timeout=ANSWER_SECONDS)
