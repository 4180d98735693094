"""A look at this machine as the panes of the Devices screen say it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cockpit.store.arrays import np
from cockpit.store.curve import Curve
from cockpit.store.machine import GpuRow, HistoryRow, MachineRow, MemoryRow
from cockpit.store.numbers import counted, duration_text, size_text
from cockpit.tui.chart.plot import Line
from cockpit.tui.machine_words import LITTLE_DISK
from cockpit.tui.widgets.gauges import Cells, Gauge, Item, Rows, Words

if TYPE_CHECKING:
    from numpy.typing import NDArray

NEARLY_FULL = 0.9
MOST_PROCESSES = 4  # of one GPU


def processor_items(machine: MachineRow) -> list[Item]:
    """The load of what may be used, and of each core."""
    processor = machine.processor
    if processor is None:
        return [_unread(machine, "processor")]
    note = f"load average {processor.average:.2f}"
    if processor.limit is not None:
        cores = "1 core" if processor.limit == 1 else f"{processor.limit:g} cores"
        note = f"of {cores} ({processor.limited_by}); {note}"
    gauge = Gauge("all", processor.load / 100, note, machine.history.processor)
    return [gauge, Cells(processor.cores)]


def processor_subtitle(machine: MachineRow) -> str:
    """What the bars and their history are of."""
    cores = counted(len(machine.processor.cores), "core") if machine.processor else ""
    return ", ".join(filter(None, (cores, history_text(machine.history))))


def history_text(history: HistoryRow) -> str:
    """`last 5m00s`; empty while that is next to nothing."""
    seconds = history.ages[0] if history.ages else 0.0
    return f"last {duration_text(seconds)}" if seconds >= 10 else ""


def memory_items(machine: MachineRow) -> list[Item]:
    """Memory, swap where there is some, the disk of the logs folder, and traffic."""
    memory, disk = machine.memory, machine.disk
    items: list[Item] = []
    if memory is None:
        items.append(_unread(machine, "memory"))
    else:
        items += _memory_gauges(memory, machine.history)
    if disk is None:
        items.append(_unread(machine, "disk"))
    else:
        warns = disk.free < LITTLE_DISK
        note = f"{size_text(disk.free)} left of {size_text(disk.total)}" + (", nearly full" if warns else "")
        items.append(Gauge("disk", _share(disk.total - disk.free, disk.total), note, warns=warns))
    if machine.network is not None:
        received, sent = (size_text(rate) for rate in (machine.network.received, machine.network.sent))
        items.append(Words(f"network: {received} a second in, {sent} out", "dim"))
    return items


def _memory_gauges(memory: MemoryRow, history: HistoryRow) -> Iterator[Item]:
    share = _share(memory.used, memory.total)
    note = f"{size_text(memory.used)} of {size_text(memory.total)}"
    note += ", all that its control group allows" if memory.limited else ""
    note += ", nearly full" if share >= NEARLY_FULL else ""
    yield Gauge("memory", share, note, history.memory, warns=share >= NEARLY_FULL)
    if memory.swap_total:
        note = f"{size_text(memory.swap_used)} of {size_text(memory.swap_total)}"
        yield Gauge("swap", _share(memory.swap_used, memory.swap_total), note)


def accelerator_items(machine: MachineRow) -> list[Item]:
    """GPUs and TPUs, or why there are none."""
    items: list[Item] = []
    for gpu in machine.gpus:
        items += _gpu_items(gpu, machine.history)
    items += _tpu_items(machine)
    if not machine.gpus and (not machine.tpu or machine.trouble("gpus") != "no NVIDIA driver"):
        items.append(Words(f"no GPU is seen: {machine.trouble('gpus') or 'none'}", "dim"))
    return items


def _tpu_items(machine: MachineRow) -> Iterator[Item]:
    if not machine.tpu:
        return
    yield Words(machine.tpu, "bold")
    if not machine.tpus:
        yield Words(
            f"load not known: {machine.trouble('tpus') or 'libtpu tells nothing while no trial uses it'}", "dim"
        )
    for tpu in machine.tpus:
        note = ""
        if tpu.memory_used is not None and tpu.memory_total:
            note = f"{size_text(tpu.memory_used)} of {size_text(tpu.memory_total)}"
        if tpu.load is None:
            yield Words(f"chip {tpu.number}: load not known{f' · {note}' if note else ''}")
        else:
            past = machine.history.tpus[tpu.number] if tpu.number < len(machine.history.tpus) else ()
            yield Gauge(f"chip {tpu.number}", tpu.load / 100, note, past)


def _gpu_items(gpu: GpuRow, history: HistoryRow) -> Iterator[Item]:
    facts = [f"{gpu.number} {gpu.name}"]
    if gpu.temperature is not None:
        facts.append(f"{gpu.temperature} °C")
    if gpu.power is not None:
        facts.append(f"{gpu.power:.0f} W" + (f" of {gpu.power_limit:.0f}" if gpu.power_limit else ""))
    if gpu.clock is not None:
        facts.append(f"{gpu.clock} MHz")
    yield Words(" · ".join(facts), "bold")
    if gpu.trouble:
        yield Words(gpu.trouble)
    elif gpu.load is None:
        yield Words("load not known" + (", it is divided (MIG)" if gpu.is_divided else ""), "dim")
    if gpu.load is not None:
        past = history.gpus[gpu.number] if gpu.number < len(history.gpus) else ()
        yield Gauge("load", gpu.load / 100, history=past)
    if gpu.memory_used is not None and gpu.memory_total:
        share = _share(gpu.memory_used, gpu.memory_total)
        yield Gauge("memory", share, f"{size_text(gpu.memory_used)} of {size_text(gpu.memory_total)}")
    for process in gpu.processes[:MOST_PROCESSES]:
        name = process.trial or process.name or "a process"
        size = "" if process.memory is None else f" · {size_text(process.memory)}"
        yield Words(f"{name} · pid {process.pid}{size}", "dim")
    if len(gpu.processes) > MOST_PROCESSES:
        yield Words(f"and {len(gpu.processes) - MOST_PROCESSES} more processes", "dim")


def trial_items(machine: MachineRow) -> list[Item]:
    """The trials of this folder that run here, with what they take."""
    if machine.trouble("trials"):
        return [_unread(machine, "trials")]
    if not machine.trials:
        return [Words("no trial of this folder runs on this machine", "dim")]
    rows = tuple(
        (trial.trial, f"{trial.load / 100:.2f}", size_text(trial.memory), str(trial.processes), str(trial.pid))
        for trial in machine.trials
    )
    return [Rows(("trial", "cores", "memory", "processes", "pid"), rows)]


def history_lines(history: HistoryRow) -> list[Line]:
    """Processor, memory and GPUs over the seconds before now, as lines of a chart."""
    named = [("processor", history.processor), ("memory", history.memory)]
    named += [(f"GPU {number}", loads) for number, loads in enumerate(history.gpus)]
    named += [(f"TPU {number}", loads) for number, loads in enumerate(history.tpus)]
    steps = np.array([-round(age) for age in history.ages], dtype=np.int64)
    keep = np.append(steps[1:] > steps[:-1], True) if len(steps) else np.zeros(0, dtype=bool)
    return [
        Line(name, number, _curve(steps[keep], np.array(loads)[keep])) for number, (name, loads) in enumerate(named)
    ]


def _curve(steps: NDArray[np.int64], values: NDArray[np.float64]) -> Curve:
    return Curve(steps, values, values, values, np.zeros(len(steps), dtype=np.int64))


def _unread(machine: MachineRow, part: str) -> Words:
    return Words(f"{part} cannot be read: {machine.trouble(part)}")


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
