"""This machine in a few words, for the first line of every screen."""

from __future__ import annotations

from rich.text import Text

from cockpit.store.life import LIVE
from cockpit.tui.snapshot import Snapshot

LITTLE_DISK = 5 << 30  # bytes; a few checkpoints more and trials fail


def machine_words(snapshot: Snapshot) -> Text:
    """`2 running  1 queued  GPU 71%  disk 41G`. Coarse figures, so that an idle screen stays as it is."""
    words = Text()
    for status in LIVE:
        count = sum(row.status == status for row in snapshot.experiments)
        if count:
            words.append(f"{count} {status}  ", "bold")
    machine = snapshot.machine
    if machine is None:
        return words
    for gpu in machine.gpus[:4]:
        if gpu.load is not None:
            words.append(f"GPU {gpu.load:.0f}%  ")
    if machine.disk is not None:
        free = machine.disk.free
        words.append(f"disk {free >> 30}G", "bold" if free < LITTLE_DISK else "")
    return words
