"""How screens look, as pictures. What they do is tested elsewhere; here somebody should look when a picture changes."""

import difflib
import html
import math
import os
import re
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from builders import Recorder
from tui_stage import PATIENCE, cockpit, play, press, screen_text, until

from cockpit.diary.book import write_entry
from cockpit.diary.notes import append_note
from cockpit.events.kinds import Eval, Norms, Step
from cockpit.store import machine
from cockpit.store.indexer import Indexer
from cockpit.store.summary import write_summary
from cockpit.tui import feed
from tests.svg import picture

SNAPSHOTS = Path(__file__).parent / "snapshots"
LOOK_AT = Path(__file__).parent.parent.parent / "build" / "snapshots"
UPDATE = "COCKPIT_UPDATE_SNAPSHOTS"
NOW = 1_000_400.0  # seconds since 1970, in the years of the builders
SETTLED = 5  # looks in a row at which the screen has to be the same


@pytest.fixture
def logs(tmp_path, monkeypatch):
    """Two sweeps with an entry in the diary, at a moment and on a machine that are always the same."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    monkeypatch.setattr(feed, "time", SimpleNamespace(time=lambda: NOW, monotonic=time.monotonic))
    monkeypatch.setattr(machine, "MachineMeter", lambda *_: SimpleNamespace(read=lambda **_: None))
    logs = tmp_path / "logs"
    finished(logs)
    running(logs)
    yield logs
    monkeypatch.undo()
    time.tzset()


def finished(logs):
    recorder = Recorder(logs, trials=6, varied=["x", "lr"], data="", environment={"python": "3.11"})
    for number in range(6):
        status = ("pruned", "asha rung 1: 0.31 < 0.42 (3rd of 4)") if number in (2, 4) else ("finished", "")
        config = {"x": round(math.sin(number), 3), "lr": 10.0 ** (-2 - number / 4)}
        writer = recorder.start(number, config=config, baseline=number == 0)
        write_steps(writer, number, 20 if status[0] == "pruned" else 60)
        recorder.finish(number, writer, *status)
    run = recorder.end()
    with Indexer(run) as indexer:
        indexer.sync()
    write_summary(run)
    write_entry(logs, run)
    append_note(logs, run, "The top is right of the middle.")


def running(logs):
    recorder = Recorder(logs, "exp002-lr", question="How far can lr go?", trials=4, varied=["lr"], at=1_000_100.0)
    write_steps(recorder.start(0, config={"lr": 0.001}, baseline=True), 0, 30)
    with Indexer(recorder.run) as indexer:
        indexer.sync()


def write_steps(writer, number, count):
    for step in range(1, count + 1):
        loss = (2 + number / 3) * math.exp(-step / 20) + 0.1 * math.sin(step * (number + 1))
        writer.write(Step(epoch=step // 10, step=step, time=step / 2, metrics={"loss": loss, "lr": 0.01 / step}))
        if step % 10 == 0:
            for group, size in (("body", 4.0), ("head", 1.0)):
                norms = {"param_mean": size * 10, "param_std": size, "grad_mean": size / step, "grad_std": size / 100}
                writer.write(Norms(step=step, group=group, grad_max=size / 4, update_ratio=1e-3 / step, **norms))
            score = (1 - math.exp(-step / 15)) * (0.7 + 0.04 * number)
            writer.write(Eval(epoch=step // 10, step=step, time=0.5, metrics={"score": score}))


@pytest.mark.parametrize(
    ("name", "size", "target", "keys", "seen"),
    [
        ("home", (80, 24), None, ("down",), "importance"),
        ("sweep", (80, 24), ("exp001-hill", ""), ("b",), "t005"),
        ("sweep-wide", (160, 45), ("exp001-hill", ""), ("b", "2"), "•t005"),
        ("trial", (120, 36), ("exp001-hill", "t005"), (), "•head"),
        ("diary", (110, 44), None, ("down", "d"), "right of the middle"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_screen_looks_as_it_did(logs, name, size, target, keys, seen):
    async def scene():
        async with cockpit(logs, target, size) as (app, pilot):
            await until(pilot, lambda: "exp001  hill" in screen_text(app) or "t005" in screen_text(app))
            await press(pilot, *keys)
            return await settled(app, pilot, name, seen)

    compare(name, play(scene()))


async def settled(app, pilot, name, seen):
    """The picture when everything that was asked for is there and drawn."""
    pictures = []
    deadline = time.monotonic() + PATIENCE

    def is_settled():
        if app.snapshot.interest != app.screen.interest():
            pictures.clear()  # what is wanted is still being read
        pictures.append(picture(app, name))
        return seen in words(pictures[-1]) and len(set(pictures[-SETTLED:])) == 1 and len(pictures) >= SETTLED

    while not is_settled():
        assert time.monotonic() < deadline, words(pictures[-1])
        await pilot.pause(0.1)
    return pictures[-1]


def compare(name, taken):
    kept, look_at = SNAPSHOTS / f"{name}.svg", LOOK_AT / f"{name}.svg"
    if os.environ.get(UPDATE):
        SNAPSHOTS.mkdir(exist_ok=True)
        kept.write_text(taken, encoding="utf-8")
    before = kept.read_text(encoding="utf-8") if kept.exists() else ""
    if taken != before:
        look_at.parent.mkdir(parents=True, exist_ok=True)
        look_at.write_text(taken, encoding="utf-8")
        changes = difflib.unified_diff(words(before).splitlines(), words(taken).splitlines(), "before", "now", n=0)
        pytest.fail(
            f"{name} looks different. Open {look_at} beside {kept}; where the new one is right, run this test with "
            f"{UPDATE}=1 and commit the pictures.\n" + "\n".join(changes)
        )


def words(svg):
    """What can be read in a picture, line by line."""
    lines = {}
    for y, text in re.findall(r'<text class="terminal-r\d+" x="[\d.]+" y="([\d.]+)"[^>]*>([^<]*)</text>', svg):
        lines.setdefault(float(y), []).append(html.unescape(text).replace("\xa0", " "))
    return "\n".join(" ".join(parts) for _, parts in sorted(lines.items()))
