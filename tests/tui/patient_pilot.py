"""Pilots that wait for what follows from a key, however seldom this process gets its turn."""

import asyncio
import time
from contextlib import contextmanager

import pytest
from textual import app, pilot
from textual.message_pump import MessagePump

LOOK_SECONDS = 0.02  # longer than the sixtieth of a second after which Textual draws
IDLE_SECONDS = 0.001  # of the processor's time in one look
MOST_LOOKS = 50
TURNS = 10  # of the event loop, for what one message leads to before there is another


@contextmanager
def patient_pilots():
    """For Textual a process is idle that used no processor time; so is one that was not let run, amid its work."""
    handled = 0
    dispatch = MessagePump._dispatch_message

    async def counted(pump, message):
        nonlocal handled
        handled += 1
        await dispatch(pump, message)

    async def wait_for_idle(*_):
        for _ in range(MOST_LOOKS):
            before, worked = handled, time.process_time()
            await asyncio.sleep(LOOK_SECONDS)
            for _ in range(TURNS):
                await asyncio.sleep(0)
            if handled == before and time.process_time() - worked < IDLE_SECONDS:
                return

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MessagePump, "_dispatch_message", counted)
        for module in (app, pilot):
            patch.setattr(module, "wait_for_idle", wait_for_idle)
        yield
