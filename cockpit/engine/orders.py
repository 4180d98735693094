"""What a running trial is told to do at its next step: save itself and pause, or go on with another value.

Orders come from the warm parent, one JSON message each: `{"say": "pause", "order": ID}` and `{"say": "set", "key": …,
"value": …, "who": …, "order": ID}`. What became of one is told to the supervisor as `did`, with `refused` and why where
it could not be done, and with `step`, the last one that was made before it. One without an `order` id is told of to
nobody.
"""

from __future__ import annotations

import socket
from collections import deque

from cockpit.engine.channel import Channel, ChannelClosedError, Message
from cockpit.engine.recorder import Recorder
from cockpit.engine.request import Outcome
from trainers import contract


class Orders:
    """The orders that have come and are not carried out yet."""

    def __init__(self, end: socket.socket) -> None:
        self._channel: Channel | None = Channel(end)
        self._waiting: deque[Message] = deque()

    def add(self, order: Message) -> None:
        """Carry this out too, after those that are waiting."""
        self._waiting.append(order)

    def next(self) -> Message | None:
        """The next order; costs one poll where there is none."""
        if self._channel is not None:
            try:
                self._waiting.extend(self._channel.pending())
            except ChannelClosedError:
                self._channel = None  # the warm parent is dead, so this trial is dying as well
        return self._waiting.popleft() if self._waiting else None


def drive(events: contract.Events, recorder: Recorder, orders: Orders) -> Outcome:
    """Run a trainer to its end, recording what it yields and passing on orders before and between its steps."""
    event = next(events, None)
    while event is not None:
        if not recorder.record(event):
            return Outcome("stopped", reason="told to stop")
        order = orders.next() if not isinstance(event, contract.Saved) else None
        if order is None:
            event = next(events, None)
        elif order["say"] == "pause":
            goes_on, event = _save(events, recorder)
            if not goes_on:
                return Outcome("stopped", reason="told to stop")
            if isinstance(event, contract.Saved):
                recorder.record(event)
                return Outcome("paused", details={"step": recorder.step, "order": order.get("order", "")})
            _told(recorder, order, refused="its trainer saves nothing when it is asked to, so it could not go on later")
        else:
            recorder.steered(order["key"], order["value"], order.get("who", ""))
            _told(recorder, order)
            event = _send(events, contract.Set(order["key"], order["value"]))
    return Outcome("finished")


def _save(events: contract.Events, recorder: Recorder) -> tuple[bool, contract.Event | None]:
    """Records the steps that were made before the order came. False when the trial shall stop at one of them.

    What follows them is the file, or whatever a trainer that saves nothing yields.
    """
    event = _send(events, contract.Save())
    for _ in range(contract.UNTOLD_STEPS):
        if not isinstance(event, contract.Step):
            break
        if not recorder.record(event):
            return False, None
        event = next(events, None)
    return True, event


def _send(events: contract.Events, command: contract.Command) -> contract.Event | None:
    try:
        return events.send(command)
    except StopIteration:
        return None


def _told(recorder: Recorder, order: Message, refused: str = "") -> None:
    if order.get("order"):
        recorder.ask({"say": "did", "order": order["order"], "refused": refused, "step": recorder.made})
