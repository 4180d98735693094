"""`cockpit devices`: how busy this machine is, or was while an experiment ran."""

from __future__ import annotations

import csv
import json
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cockpit.cli.options import format_option, logs_option, print_remark, print_table

if TYPE_CHECKING:
    from cockpit.store.machine import MachineRow
    from cockpit.store.machine.past import DevicePast
    from cockpit.store.machine.record import Sample

LOOK_SECONDS = 0.5  # that a load is the mean of
MOST_LOOKS = 6  # for a driver that takes its time
COLUMNS = ("device", "load", "most load", "memory", "of", "power", "heat", "clock", "course", "name")
OF_SEVERAL = ("most load", "course")  # looks


@click.command()
@click.argument("experiment", required=False)
@format_option
@logs_option
def devices(experiment: str | None, logs: Path, form: str) -> None:
    """Show how busy this machine is; with EXPERIMENT, how busy it was while that ran.

    Processors, memory, disk, GPUs and TPUs with their load, memory, power, temperature and clock, and the trials that
    use them. The record of an experiment is of the machine that ran its sweep, looked at every five seconds at first
    and less often in a long one: mean and largest load, the most memory, power and heat. csv and jsonl have every look.
    """
    samples = _now(logs) if experiment is None else _recorded(logs, experiment)
    if not samples:
        print_remark(f"{experiment} has no record of its machine: it was over in a moment, or ran elsewhere")
    elif form == "csv":
        _print_csv(samples)
    elif form == "jsonl":
        click.echo("\n".join(json.dumps(sample.line, ensure_ascii=False) for sample in samples))
    else:
        _print_table(samples, is_past=experiment is not None)


def _recorded(logs: Path, experiment: str) -> list[Sample]:
    from cockpit.store.folder import find_experiment
    from cockpit.store.machine.record import read_samples

    return read_samples(find_experiment(logs, experiment).machine)


def _now(logs: Path) -> list[Sample]:
    """One look at this machine, with the trials of all experiments of the folder."""
    import socket

    from cockpit.store.machine import MachineMeter
    from cockpit.store.machine.record import sample_of

    meter = MachineMeter(logs)
    machine = meter.read()
    for _ in range(MOST_LOOKS):
        time.sleep(LOOK_SECONDS)
        machine = meter.read()
        if not any("asking" in text for _, text in machine.troubles):
            break
    for line in _troubles(machine):
        print_remark(line)
    return [sample_of(machine, None, time.time(), socket.gethostname())]


def _troubles(machine: MachineRow) -> Iterator[str]:
    for part, text in machine.troubles:
        yield f"no GPU is seen: {text}" if part == "gpus" else f"{part}: not known ({text})"
    yield from (f"gpu{gpu.number}: not known ({gpu.trouble})" for gpu in machine.gpus if gpu.trouble)


def _print_table(samples: Sequence[Sample], *, is_past: bool) -> None:
    from cockpit.store.machine.past import devices_past, seconds
    from cockpit.store.numbers import counted, duration_text

    hosts = ", ".join(dict.fromkeys(sample.host for sample in samples))
    if is_past:
        during = f" in {duration_text(seconds(samples))}" if len(samples) > 1 else ""
        click.echo(f"{hosts}: {counted(len(samples), 'look')}{during}")
    columns = [column for column in COLUMNS if len(samples) > 1 or column not in OF_SEVERAL]
    cells = [_cells(row) for row in devices_past(samples)]
    columns = [column for column in columns if any(row[column] for row in cells)]
    rows = [[row[column] for column in columns] for row in cells]
    print_table(columns, rows, left=("device", "course", "name"), optional=("name", "clock", "heat", "course"))


def _cells(row: DevicePast) -> dict[str, str]:
    from cockpit.store.machine.past import blocks
    from cockpit.store.numbers import size_text

    cores = row.is_trial

    def load(value: float | None) -> str:
        return "" if value is None else f"{value:.2f} cores" if cores else f"{value:.0f}%"

    def size(value: float | None) -> str:
        return "" if value is None else size_text(value)

    return {
        "device": row.device,
        "load": load(row.load_mean),
        "most load": load(row.load_most),
        "memory": size(row.used_most),
        "of": size(row.total),
        "power": "" if row.power is None else f"{row.power:.0f} W",
        "heat": "" if row.temperature is None else f"{row.temperature:.0f} °C",
        "clock": "" if row.clock is None else f"{row.clock:.0f} MHz",
        "course": blocks(row.course, full=(row.load_most or 1.0) if cores else 100.0),
        "name": row.name,
    }


def _print_csv(samples: Sequence[Sample]) -> None:
    columns = list(dict.fromkeys(key for sample in samples for key in sample.values))
    writer = csv.DictWriter(sys.stdout, ["at", "host", *columns], lineterminator="\n")
    writer.writeheader()
    writer.writerows({"at": sample.at, "host": sample.host, **sample.values} for sample in samples)
