"""An experiment with everything that may be hard to carry over, and exports of it."""

import math
import random
import struct
from contextlib import contextmanager

from builders import Recorder

from cockpit.events.kinds import Eval, Norms, Note, Saved, Step
from cockpit.export.record import Record
from cockpit.store.reader import Index

SECRET = "hf_abcdefghijklmnopqrstuvwxyz0123"
TEXTS = ("=1+1", "x_y & 50 % of {a}", "<script>alert(1)</script>", "'quoted", "-1", "nan", "true", "")
NUMBERS = (0.1, 1 / 3, 5e-324, 1.7976931348623157e308, -0.0, math.nan, math.inf, -math.inf, 2.0**53, 1e-7)
NORM_COLUMNS = ("param_mean", "param_std", "grad_mean", "grad_std", "grad_max", "nonfinite", "update_ratio")


def hard_experiment(logs, name="exp001-hard"):
    """Three trials: numbers of all kinds, phases that begin anew, names that are taken, and secrets in texts."""
    chance = random.Random(1)
    recorder = Recorder(
        logs,
        name,
        varied=["lr", "text"],
        question="Is <b>it</b> | better?\nIs it?",
        command=f"cockpit sweep hard --token {SECRET}",
        environment={
            "host_name": "box",
            "api_key": "letmein12345",
            "folder": "/home/me/secret",
            "process_started": "1",
        },
    )
    for number in range(3):
        config = {
            "lr": 10 ** -chance.uniform(1, 5),
            "text": TEXTS[number],
            "texts": list(TEXTS),
            "inner": {"depth": [1, 2.5, None]},
            "layers": 12,
            "flag": True,
            "nothing": None,
            "note": f"key {SECRET}",
        }
        words = {"label": f"V{number}", "change": "more <i>layers</i>", "note": "fine"}
        writer = recorder.start(number, config=config, baseline=number == 0, extra=words)
        record_steps(writer, chance)
        writer.write(Note(text=f"it works\nwith {SECRET}", at=1_000_003.5))
        writer.write(Saved(path="best.pt", step=3, label="best"))
        status = ("finished", "pruned", "failed")[number]
        recorder.finish(
            number, writer, status, "asha rung 1" if number == 1 else "", f"password={SECRET}" * (number == 2)
        )
    return recorder.end()


def record_steps(writer, chance):
    for step in range(1, 21):
        metrics = {
            "loss": chance.random(),
            "trial": chance.random(),
            "metrics.x": 1.0,
            "odd": NUMBERS[step % len(NUMBERS)],
        }
        writer.write(Step(epoch=step // 5, step=step, time=chance.random() * step, metrics=metrics))
        for group in ("body", "head/top"):
            values = {name: chance.random() for name in NORM_COLUMNS[:4]}
            writer.write(Norms(step=step, group=group, grad_max=math.inf, nonfinite=step, **values))
        if step % 5 == 0:
            writer.write(
                Eval(epoch=step // 5 - 1, step=step, time=0.5, metrics={"score": chance.random(), "loss": math.nan})
            )
            writer.write(Eval(phase="test", epoch=1, step=step, metrics={"score": chance.random()}))
            writer.write(Eval(phase="train", epoch=1, step=step, metrics={"loss": chance.random()}))
    for step in range(3):
        writer.write(Step(phase="tune", step=step, metrics={"loss": chance.random()}))
        writer.write(Eval(phase="tune_valid", step=step, metrics={"score": chance.random()}))


@contextmanager
def record_of(run, trial=""):
    with Index(run) as index:
        yield Record(index, trial)


def bits(value):
    """A number to the last bit; NaN is one number."""
    if value is None or value != value:
        return value if value is None else "nan"
    return struct.pack("<d", value)


def numbers_of_index(record):
    """Every number of the record: where it belongs, and its bits."""
    found = {}
    for trial in record.trials:
        for row in record.steps(trial):
            place = (trial.id, row.kind, row.phase, row.step)
            found[place] = {"epoch": row.epoch, "time": bits(row.time)}
            found[place] |= {f"m {name}": bits(value) for name, value in row.metrics.items()}
        for row in record.norms(trial):
            found[trial.id, "norms", row.group, row.step] = {name: bits(getattr(row, name)) for name in NORM_COLUMNS}
    return found


def numbers_of_events(events):
    """The same of pairs of a trial and an event."""
    found = {}
    for trial, event in events:
        if isinstance(event, Norms):
            found[trial, "norms", event.group, event.step] = {name: bits(getattr(event, name)) for name in NORM_COLUMNS}
        elif isinstance(event, Step | Eval):
            place = found.setdefault((trial, event.kind, event.phase, event.step), {})
            place |= {"epoch": event.epoch, "time": bits(event.time)}
            place |= {f"m {name}": bits(value) for name, value in event.metrics.items()}
    return found


def confirmed(logs, name="exp001-sure"):
    """A search whose winner t001 ran again beside the baseline on three seeds, better there than ever before."""
    recorder = Recorder(logs, name, trials=2, extra={"confirm": 3}).trial(0, [0.5], baseline=True).trial(1, [0.7])
    for number in range(2, 8):
        pair, side = divmod(number - 2, 2)
        config = {"x": side / 10, "seed": 1 + pair}
        extra = {"confirms": f"t00{side}", "pair": pair}
        recorder.trial(number, [0.6 + pair / 100 + side * (0.3 + pair / 1000)], config=config, extra=extra)
    return recorder.end()
