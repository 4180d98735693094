"""The Devices screen: gauges for any width, and what it says of machines that exist as rows only."""

from dataclasses import replace
from pathlib import Path

import pytest
from rich.cells import cell_len
from tui_stage import cockpit, play, press, screen_text, until

from cockpit.store import machine
from cockpit.store.machine import (
    DiskRow,
    GpuProcess,
    GpuRow,
    HistoryRow,
    MachineRow,
    MemoryRow,
    NetworkRow,
    ProcessorRow,
    TpuRow,
    TrialProcess,
)
from cockpit.tui import feed
from cockpit.tui.glyphs import ASCII, UNICODE
from cockpit.tui.machine_panes import accelerator_items, history_lines, memory_items, processor_items, trial_items
from cockpit.tui.widgets.gauges import Cells, Gauge, Gauges, Rows, Words, lines, sparks

GIB = 1 << 30
HISTORY = HistoryRow((20.0, 10.0, 0.0), (10.0, 50.0, 90.0), (20.0, 20.0, 21.0), ((70.0, 71.0, 71.0),))
GPU = GpuRow(
    number=0,
    name="Tesla [bold]T4",
    load=71.0,
    memory_used=9 * GIB,
    memory_total=16 * GIB,
    power=62.0,
    power_limit=70.0,
    temperature=55,
    processes=(GpuProcess(4711, "python", "exp002/t003", 8 * GIB), GpuProcess(12, "Xorg", "", None)),
)
MACHINE = MachineRow(
    disk=DiskRow(41 * GIB, 252 * GIB),
    gpus=(GPU,),
    whole=True,
    processor=ProcessorRow((83.0, 62.0), 72.5, None, "", 1.25),
    memory=MemoryRow(5 * GIB, 24 * GIB, False, 0, 0),
    trials=(TrialProcess("exp002/t003", 4711, 3, 151.0, 3 * GIB),),
    history=HISTORY,
)


def drawn(items, width=76, glyphs=UNICODE):
    return [line.plain for line in lines(items, width, glyphs, {})]


# Gauges.


def test_a_gauge_is_label_bar_figure_note_and_trend():
    (line,) = drawn([Gauge("all", 0.5, "load 1.25", (0.0, 50.0, 100.0))])
    label, bar, figure, *rest = line.split()
    assert (label, figure, rest) == ("all", "50%", ["load", "1.25", "▁▅█"])
    assert bar.count("━") == bar.count("─") > 10


@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.999, 1.0, 3.7])
def test_a_bar_is_as_wide_whatever_the_share(share):
    bar = drawn([Gauge("x", share)])[0].split()[1]
    assert len(bar) == 40
    assert ("━" in bar) == (share > 0)


def test_gauges_below_each_other_stand_in_line():
    first, second = drawn([Gauge("memory", 0.2, "5.0 GiB of 24.0 GiB"), Gauge("disk", 1.0, "41.0 GiB left")])
    assert first.index("%") == second.index("%")
    assert first.index("5.0 GiB") == second.index("41.0 GiB")


@pytest.mark.parametrize("width", [1, 10, 20, 30, 40, 60, 76, 120, 300])
@pytest.mark.parametrize("glyphs", [UNICODE, ASCII], ids=["unicode", "ascii"])
def test_no_line_is_wider_than_the_pane(width, glyphs):
    items = [
        *(item for make in (processor_items, memory_items, accelerator_items, trial_items) for item in make(MACHINE)),
        Cells(tuple(range(100))),
        Words("名前" * 100),
    ]
    found = drawn(items, width, glyphs)
    assert max(map(cell_len, found)) <= width
    assert width < 100 or any("exp002/t003" in line for line in found)


def test_ascii_is_ascii():
    items = [*processor_items(MACHINE), *memory_items(MACHINE), *trial_items(MACHINE), Cells(tuple(range(100)))]
    assert "\n".join(drawn(items, 120, ASCII)).isascii()


def test_few_cores_are_bars_and_many_are_blocks():
    few, many = drawn([Cells((0.0, 100.0))]), drawn([Cells((0.0, 50.0, 100.0) * 40)])
    assert few[0].split() == ["0", "─" * 10, "0%", "1", "━" * 10, "100%"]
    assert [len(line) for line in many] == [76, 44]
    assert many[0].startswith("▁▅█▁▅█")


def test_a_trend_is_means_of_all_that_was_seen():
    assert sparks([0.0] * 50 + [100.0] * 50, 10, UNICODE) == "▁▁▁▁▁█████"
    assert sparks([0.0, 100.0], 10, UNICODE) == "▁█"
    assert sparks([-5.0, 900.0], 2, ASCII) == "_#"


def test_a_small_table_stands_in_columns_and_loses_the_last_where_it_is_narrow():
    table = Rows(("trial", "cores", "pid"), (("exp001/t000", "1.00", "7"), ("e/t", "12.50", "70000")))
    assert drawn([table]) == ["trial        cores    pid", "exp001/t000   1.00      7", "e/t          12.50  70000"]
    assert drawn([table], 20) == ["trial        cores", "exp001/t000   1.00", "e/t          12.50"]


# What is said of a machine.


def words_of(items):
    return " | ".join(item.text if isinstance(item, Words) else getattr(item, "note", "") for item in items)


def test_limits_of_a_container_are_said():
    limited = replace(
        MACHINE,
        processor=ProcessorRow((1.0,) * 64, 90.0, 2.0, "control group", 3.0),
        memory=MemoryRow(GIB, 8 * GIB, True, GIB, 2 * GIB),
    )
    assert "of 2 cores (control group); load average" in words_of(processor_items(limited))
    assert "1.0 GiB of 8.0 GiB, all that its control group allows" in words_of(memory_items(limited))
    assert "1.0 GiB of 2.0 GiB" in words_of(memory_items(limited))


def test_what_is_nearly_full_is_said_in_words_and_colour():
    full = replace(MACHINE, disk=DiskRow(GIB, 100 * GIB), memory=MemoryRow(95, 100, False, 0, 0))
    memory, disk = memory_items(full)
    assert memory.warns
    assert memory.note.endswith("nearly full")
    assert disk.warns
    assert disk.note == "1.0 GiB left of 100 GiB, nearly full"
    assert not any(gauge.warns for gauge in memory_items(MACHINE))


def test_parts_that_could_not_be_read_say_why():
    parts = ("processor", "memory", "disk", "trials", "gpus")
    blind = MachineRow(whole=True, troubles=tuple((part, f"no {part} here") for part in parts))
    assert words_of(processor_items(blind)) == "processor cannot be read: no processor here"
    assert words_of(memory_items(blind)) == "memory cannot be read: no memory here | disk cannot be read: no disk here"
    assert words_of(trial_items(blind)) == "trials cannot be read: no trials here"
    assert words_of(accelerator_items(blind)) == "no GPU is seen: no gpus here"


def test_a_tpu_that_tells_nothing_is_told_with_the_reason():
    tpu = MachineRow(whole=True, tpu="TPU v5e × 8", troubles=(("gpus", "no NVIDIA driver"),))
    told = "TPU v5e × 8 | load not known: libtpu tells nothing while no trial uses it"
    assert words_of(accelerator_items(tpu)) == told
    asked = replace(tpu, troubles=(*tpu.troubles, ("tpus", "libtpu: no such module")))
    assert words_of(accelerator_items(asked)) == "TPU v5e × 8 | load not known: libtpu: no such module"
    broken = replace(tpu, troubles=(("gpus", "NVIDIA: version mismatch"),))
    assert "no GPU is seen: NVIDIA: version mismatch" in words_of(accelerator_items(broken))


def test_the_chips_of_a_tpu_have_gauges():
    history = HistoryRow((1.0, 0.0), (0.0,) * 2, (0.0,) * 2, (), ((10.0, 12.5),))
    chips = (TpuRow(0, 12.5, 3 * GIB, 16 * GIB), TpuRow(1, None, 4 * GIB, 16 * GIB))
    tpu = MachineRow(
        whole=True, tpu="TPU v5e × 2", tpus=chips, troubles=(("gpus", "no NVIDIA driver"),), history=history
    )
    _, first, second = accelerator_items(tpu)
    assert first == Gauge("chip 0", 0.125, "3.0 GiB of 16.0 GiB", (10.0, 12.5))
    assert second.text == "chip 1: load not known · 4.0 GiB of 16.0 GiB"
    assert [line.label for line in history_lines(history)][-1] == "TPU 0"


def test_a_divided_gpu_says_why_its_load_is_not_known():
    divided = replace(GPU, load=None, clock=1980, is_divided=True, processes=())
    title, words, memory = accelerator_items(replace(MACHINE, gpus=(divided,)))
    assert title.text.endswith("62 W of 70 · 1980 MHz")
    assert words.text == "load not known, it is divided (MIG)"
    assert memory.label == "memory"


def test_traffic_is_told():
    busy = replace(MACHINE, network=NetworkRow(3 * 2**20, 512))
    assert memory_items(busy)[-1].text == "network: 3.0 MiB a second in, 512 B out"


def test_many_gpus_fit_into_80_columns():
    names = [f"NVIDIA H100 80GB HBM3 number {number}" for number in range(8)]
    many = replace(MACHINE, gpus=tuple(replace(GPU, number=n, name=name) for n, name in enumerate(names)))
    shown = drawn(accelerator_items(many))
    assert max(map(len, shown)) <= 76
    assert sum("%" in line for line in shown) == 16


def test_what_a_gpu_does_not_tell_is_left_out():
    lost = replace(MACHINE, gpus=(GpuRow(0, "Tesla", trouble="GPU is lost"), replace(GPU, number=1, power_limit=None)))
    first, trouble, second, *_ = accelerator_items(lost)
    assert (first.text, trouble.text) == ("0 Tesla", "GPU is lost")
    assert second.text == "1 Tesla [bold]T4 · 55 °C · 62 W"


def test_many_processes_on_a_gpu_are_counted():
    busy = replace(MACHINE, gpus=(replace(GPU, processes=(GPU.processes[0],) * 9),))
    assert words_of(accelerator_items(busy)).endswith("and 5 more processes")


def test_the_history_is_lines_that_end_now():
    processor, memory, gpu = history_lines(HISTORY)
    assert [line.label for line in (processor, memory, gpu)] == ["processor", "memory", "GPU 0"]
    assert list(processor.curve.steps) == [-20, -10, 0]
    assert list(gpu.curve.mean) == [70.0, 71.0, 71.0]
    crowded = history_lines(HistoryRow((0.3, 0.2, 0.0), (1.0, 2.0, 3.0), (0.0,) * 3, ()))
    assert list(crowded[0].curve.steps) == [0]
    assert list(crowded[0].curve.mean) == [3.0]
    assert not len(history_lines(HistoryRow((), (), (), ()))[0].curve.steps)


# The screen.


class FakeMeter:
    """Stands for the machine; `row` is what the next whole look sees."""

    row = MACHINE

    def __init__(self, logs: Path) -> None:
        self.looks = []

    def read(self, *, whole: bool = True) -> MachineRow:
        return self.row if whole else MachineRow(disk=self.row.disk, gpus=self.row.gpus)


@pytest.fixture
def meter(monkeypatch):
    monkeypatch.setattr(machine, "MachineMeter", FakeMeter)
    monkeypatch.setattr(FakeMeter, "row", MACHINE)
    return FakeMeter


def at_devices(tmp_path, scene, size=(80, 24), **settings):
    async def run():
        async with cockpit(tmp_path, size=size, **settings) as (app, pilot):
            await until(pilot, lambda: app.snapshot is not None)
            await press(pilot, "v")
            await until(pilot, lambda: app.screen.place == "devices" and "looking" not in screen_text(app))
            await until(pilot, lambda: "Processor" in screen_text(app))
            await scene(app, pilot)

    play(run())


def test_everything_is_on_one_small_screen(tmp_path, meter):
    async def scene(app, pilot):
        await until(pilot, lambda: "exp002/t003" in screen_text(app))
        text = screen_text(app)
        for words in ("Processor", "load average 1.25", "83%", "62%", "2 cores", "5.0 GiB of 24.0 GiB"):
            assert words in text
        for words in ("41.0 GiB left of 252 GiB", "Tesla [bold]T4 · 55 °C · 62 W of 70", "9.0 GiB of 16.0 GiB"):
            assert words in text
        assert "GPU 71%  disk 41G" in text.splitlines()[0]
        assert app.screen.query_one("#history").display is False
        assert len({line.index("━") for line in text.splitlines() if "GiB" in line and "━" in line}) <= 2

    at_devices(tmp_path, scene)


def test_a_large_screen_has_two_columns_and_a_chart(tmp_path, meter):
    async def scene(app, pilot):
        await until(pilot, lambda: "GPU 0" in screen_text(app))
        text = screen_text(app)
        assert "Processor" in next(line for line in text.splitlines() if "GPUs and TPUs" in line)
        assert "exp002/t003   1.51  3.0 GiB          3  4711" in text
        assert "per cent, by seconds before now" in text

    at_devices(tmp_path, scene, size=(200, 60))


def test_a_new_look_changes_the_figures_and_the_same_look_changes_nothing(tmp_path, meter, monkeypatch):
    monkeypatch.setattr(feed, "MACHINE_SECONDS", 0.0)
    drawings = []
    update = Gauges.update
    monkeypatch.setattr(Gauges, "update", lambda self, text: (drawings.append(self.id), update(self, text)))

    async def scene(app, pilot):
        before = len(drawings)
        app.screen.receive(app.snapshot)
        await pilot.pause()
        assert len(drawings) == before
        meter.row = replace(MACHINE, memory=MemoryRow(23 * GIB, 24 * GIB, False, 0, 0))
        await until(pilot, lambda: "23.0 GiB of 24.0 GiB, nearly full" in screen_text(app))
        assert drawings[before:] == ["memory"]

    at_devices(tmp_path, scene)


def test_a_machine_with_more_than_fits_is_scrolled(tmp_path, meter):
    meter.row = replace(MACHINE, gpus=tuple(replace(GPU, number=number) for number in range(8)))

    async def scene(app, pilot):
        assert "no trial" not in screen_text(app)
        assert "exp002/t003   1.51" not in screen_text(app)
        await press(pilot, "end")
        await until(pilot, lambda: "exp002/t003   1.51" in screen_text(app))

    at_devices(tmp_path, scene)


def test_esc_goes_back_and_the_machine_is_no_longer_looked_at_whole(tmp_path, meter):
    async def scene(app, pilot):
        await press(pilot, "escape")
        await until(pilot, lambda: app.screen.place == "home")
        assert not app.screen.interest().devices

    at_devices(tmp_path, scene)


def test_ascii_terminals_get_ascii_gauges(tmp_path, meter):
    async def scene(app, pilot):
        text = screen_text(app)
        assert "====" in text
        assert "━" not in text

    at_devices(tmp_path, scene, ascii=True)
