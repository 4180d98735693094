"""The meter of this machine, on machines that exist as files and as a pretended driver only."""

import os
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import pytest

from cockpit.store.machine import GpuProcess, GpuRow, HistoryRow, MachineMeter, ProcessorRow, TpuRow
from cockpit.store.machine.cgroup import ControlGroup
from cockpit.store.machine.history import History
from cockpit.store.machine.nvidia import NvidiaMeter
from cockpit.store.machine.patience import Patient
from cockpit.store.machine.processes import ProcessMeter, trial_of
from cockpit.store.machine.tpu import TpuMeter, tpu_text

GIB = 1 << 30


def no_driver():
    return NvidiaMeter(lambda: FakeDriver(refusing="nvmlInit"))


def no_limits(tmp_path):
    return ControlGroup(tmp_path / "no groups", tmp_path / "no membership")


def files(folder, texts):
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


# The whole machine.


def test_every_part_of_this_machine_is_read(tmp_path):
    meter = MachineMeter(tmp_path, no_driver(), no_limits(tmp_path))
    meter.read()
    row = meter.read()
    assert len(row.processor.cores) == os.cpu_count()
    assert all(0 <= load <= 100 for load in (*row.processor.cores, row.processor.load))
    assert 0 < row.memory.used < row.memory.total
    assert not row.memory.limited
    assert 0 < row.disk.free <= row.disk.total
    assert row.trials == ()
    assert set(dict(row.troubles)) <= {"gpus"}


def test_a_look_that_is_not_whole_leaves_out_what_nobody_sees(tmp_path):
    row = MachineMeter(tmp_path, no_driver(), no_limits(tmp_path)).read(whole=False)
    assert (row.processor, row.memory, row.trials) == (None, None, ())
    assert row.disk is not None


def test_the_disk_of_a_folder_that_is_not_there_yet_is_that_of_its_parent(tmp_path):
    meter = MachineMeter(tmp_path / "not" / "yet", no_driver(), no_limits(tmp_path))
    assert meter.read(whole=False).disk.total == MachineMeter(tmp_path, no_driver()).read(whole=False).disk.total


def test_a_part_that_fails_hides_no_other_and_says_why(tmp_path, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("no \x1b[31m/proc")

    monkeypatch.setattr("psutil.cpu_times", fail)
    monkeypatch.setattr("shutil.disk_usage", fail)
    row = MachineMeter(tmp_path, no_driver(), no_limits(tmp_path)).read()
    assert (row.processor, row.disk) == (None, None)
    assert row.trouble("processor") == row.trouble("disk") == "no /proc"
    assert row.trouble("memory") == ""
    assert row.memory.total > 0


def test_rows_of_the_same_machine_are_equal(tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=1, total=2))
    meter = MachineMeter(tmp_path, no_driver(), no_limits(tmp_path))
    meter.read(whole=False)
    join_looks()
    assert meter.read(whole=False) == meter.read(whole=False)


def test_the_history_grows_also_while_nobody_sees_it(tmp_path):
    meter = MachineMeter(tmp_path, no_driver(), no_limits(tmp_path))
    for _ in range(4):
        assert meter.read(whole=False).history == HistoryRow((), (), (), ())
    row = meter.read()
    assert len(row.history.ages) == len(row.history.processor) == len(row.history.memory) == 3
    assert row.history.ages[-1] == 0.0
    assert list(row.history.ages) == sorted(row.history.ages, reverse=True)
    assert row.history.memory[-1] == pytest.approx(100 * row.memory.used / row.memory.total, abs=0.1)


def test_the_history_is_of_the_last_minutes_and_of_the_gpus_that_there_were():
    history = History()
    for second in range(0, 1001, 10):
        gpus = (
            [GpuRow(0, "a", load=float(second % 100)), GpuRow(1, "b")] if second > 900 else [GpuRow(0, "a", load=5.0)]
        )
        history.add(float(second), ProcessorRow((), 50.0, None, "", 0.0), None, gpus)
    row = history.row()
    assert row.ages == tuple(float(age) for age in range(300, -1, -10))
    assert set(row.processor) == {50.0}
    assert set(row.memory) == {0.0}
    assert row.gpus[0][-3:] == (80.0, 90.0, 0.0)
    assert row.gpus[1] == (0.0,) * 31
    assert History().row() == HistoryRow((), (), (), ())


# Control groups.


def group_of(tmp_path, texts, membership="0::/user/run\n"):
    files(tmp_path / "groups", texts)
    return ControlGroup(tmp_path / "groups", files(tmp_path, {"membership": membership}) / "membership")


def test_limits_of_version_2(tmp_path):
    group = group_of(
        tmp_path,
        {
            "user/run/memory.max": f"{8 * GIB}\n",
            "user/run/memory.current": f"{3 * GIB}\n",
            "user/run/memory.stat": f"anon 5\ninactive_file {GIB}\n",
            "user/run/cpu.max": "150000 100000\n",
            "user/run/cpu.stat": "usage_usec 2500000\nuser_usec 1\n",
        },
    )
    assert (group.memory_limit(), group.memory_used()) == (8 * GIB, 2 * GIB)
    assert (group.cpu_limit(), group.cpu_seconds()) == (1.5, 2.5)


def test_the_tightest_limit_above_counts(tmp_path):
    group = group_of(
        tmp_path,
        {
            "user/run/memory.max": "max\n",
            "user/run/cpu.max": "max 100000\n",
            "user/memory.max": f"{2 * GIB}\n",
            "user/cpu.max": "400000 100000\n",
            "memory.max": f"{9 * GIB}\n",
        },
    )
    assert group.memory_limit() == 2 * GIB
    assert group.cpu_limit() == 4.0


def test_a_container_that_sees_its_own_group_as_the_root(tmp_path):
    group = group_of(tmp_path, {"memory.max": "1000000\n", "cpu.max": "50000 100000\n"}, "0::/docker/4711\n")
    assert (group.memory_limit(), group.cpu_limit()) == (1_000_000, 0.5)


def test_limits_of_version_1(tmp_path):
    group = group_of(
        tmp_path,
        {
            "memory/box/memory.limit_in_bytes": f"{4 * GIB}\n",
            "memory/box/memory.usage_in_bytes": f"{2 * GIB}\n",
            "memory/box/memory.stat": f"total_inactive_file {GIB}\n",
            "cpu,cpuacct/box/cpu.cfs_quota_us": "200000\n",
            "cpu,cpuacct/box/cpu.cfs_period_us": "100000\n",
            "cpu,cpuacct/box/cpuacct.usage": "7000000000\n",
        },
        "9:memory:/box\n4:cpu,cpuacct:/box\n1:name=systemd:/\n0::/\n",
    )
    assert (group.memory_limit(), group.memory_used()) == (4 * GIB, GIB)
    assert (group.cpu_limit(), group.cpu_seconds()) == (2.0, 7.0)


@pytest.mark.parametrize(
    "texts",
    [
        {},
        {"user/run/memory.max": "max\n", "user/run/cpu.max": "max 100000\n"},
        {"memory.limit_in_bytes": "9223372036854771712\n", "cpu.cfs_quota_us": "-1\n", "cpu.cfs_period_us": "100000\n"},
        {"memory.max": "words\n", "cpu.max": "0 0\n", "cpu.stat": "usage_usec\n"},
    ],
)
def test_no_limit_is_none(texts, tmp_path):
    group = group_of(tmp_path, texts)
    assert (group.memory_limit(), group.cpu_limit(), group.cpu_seconds()) == (None, None, None)


def test_a_container_shows_its_own_limits_as_what_there_is(tmp_path):
    texts = {
        "memory.max": f"{GIB}\n",
        "memory.current": f"{GIB // 4}\n",
        "memory.stat": "",
        "cpu.max": "20000 100000\n",
    }
    group = group_of(tmp_path, {**texts, "cpu.stat": "usage_usec 1000000\n"})
    meter = MachineMeter(tmp_path, no_driver(), group)
    meter.read()
    files(tmp_path / "groups", {"cpu.stat": "usage_usec 999000000\n"})
    row = meter.read()
    assert (row.memory.used, row.memory.total, row.memory.limited) == (GIB // 4, GIB, True)
    assert (row.processor.limit, row.processor.limited_by) == (0.2, "control group")
    assert row.processor.load == 100.0  # of the fifth of a core, whatever the others of the machine do


# GPUs.


class NVMLError_NotSupported(Exception):  # noqa: N801, N818 - as the library calls it
    def __str__(self):
        return "Not Supported"


class NVMLError_DriverNotLoaded(Exception):  # noqa: N801, N818 - as the library calls it
    pass


class FakeDriver:
    """A driver of two GPUs. `refusing` names a function that raises, `deaf` one that waits for `answer`."""

    NVML_TEMPERATURE_GPU = 0
    NVML_CLOCK_SM = 1

    def __init__(self, refusing="", error=None, deaf=""):
        self.refusing, self.deaf = refusing, deaf
        self.error = error or NVMLError_DriverNotLoaded()
        self.answer = threading.Event()
        self.calls = []

    def __getattribute__(self, name):
        found = super().__getattribute__(name)
        if not name.startswith("nvml"):
            return found
        self.calls.append(name)
        if name == self.deaf:
            self.answer.wait(60)
        if name == self.refusing:
            raise self.error
        return found

    def nvmlInit(self): ...  # noqa: N802

    nvmlDeviceGetCount = staticmethod(lambda: 2)  # noqa: N815
    nvmlDeviceGetHandleByIndex = staticmethod(lambda number: number)  # noqa: N815
    nvmlDeviceGetName = staticmethod(lambda handle: f"Tesla\x1b[31m {handle}")  # noqa: N815
    nvmlDeviceGetMemoryInfo = staticmethod(lambda handle: SimpleNamespace(used=3, total=16, free=13))  # noqa: N815
    nvmlDeviceGetUtilizationRates = staticmethod(lambda handle: SimpleNamespace(gpu=71, memory=5))  # noqa: N815
    nvmlDeviceGetPowerUsage = staticmethod(lambda handle: 70_500)  # noqa: N815
    nvmlDeviceGetEnforcedPowerLimit = staticmethod(lambda handle: 250_000)  # noqa: N815
    nvmlDeviceGetTemperature = staticmethod(lambda handle, sensor: 55)  # noqa: N815
    nvmlDeviceGetClockInfo = staticmethod(lambda handle, kind: 1980)  # noqa: N815
    nvmlDeviceGetMigMode = staticmethod(lambda handle: [handle, handle])  # noqa: N815

    @staticmethod
    def nvmlDeviceGetComputeRunningProcesses(handle):  # noqa: N802
        used = [None, 9][handle]
        return [SimpleNamespace(pid=os.getpid(), usedGpuMemory=used), SimpleNamespace(pid=2**22, usedGpuMemory=1)]


def join_looks():
    for thread in threading.enumerate():
        if thread.name == "machine":
            thread.join()


def test_gpus_are_told_with_all_that_the_driver_knows():
    (first, second), trouble = NvidiaMeter(lambda: FakeDriver()).look()
    assert trouble == ""
    assert (first.number, first.name, second.name) == (0, "Tesla 0", "Tesla 1")
    assert (first.load, first.memory_used, first.memory_total) == (71.0, 3, 16)
    assert (first.power, first.power_limit, first.temperature, first.clock) == (70.5, 250.0, 55, 1980)
    assert (first.is_divided, second.is_divided) == (False, True)
    me, gone = second.processes
    assert me == GpuProcess(os.getpid(), me.name, "", 9)
    assert me.name
    assert gone == GpuProcess(2**22, "", "", 1)
    assert first.processes[0].memory is None


@pytest.mark.parametrize(
    ("refusing", "missing"),
    [
        ("nvmlDeviceGetUtilizationRates", {"load"}),
        ("nvmlDeviceGetMemoryInfo", {"memory_used", "memory_total"}),
        ("nvmlDeviceGetPowerUsage", {"power"}),
        ("nvmlDeviceGetEnforcedPowerLimit", {"power_limit"}),
        ("nvmlDeviceGetTemperature", {"temperature"}),
        ("nvmlDeviceGetClockInfo", {"clock"}),
        ("nvmlDeviceGetComputeRunningProcesses", {"processes"}),
    ],
)
def test_what_a_gpu_does_not_know_is_none_and_the_rest_is_there(refusing, missing):
    gpus, _ = NvidiaMeter(lambda: FakeDriver(refusing, NVMLError_NotSupported())).look()
    empty = {name for name in GpuRow.__slots__ if getattr(gpus[0], name) in (None, ())}
    assert empty == missing
    assert gpus[0].trouble == ""


def test_a_gpu_that_is_lost_is_a_row_with_a_reason():
    gpus, trouble = NvidiaMeter(lambda: FakeDriver("nvmlDeviceGetHandleByIndex", RuntimeError("GPU is lost"))).look()
    assert [gpu.trouble for gpu in gpus] == ["NVIDIA: GPU is lost"] * 2
    assert trouble == ""


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        (NVMLError_DriverNotLoaded(), "no NVIDIA driver"),
        (RuntimeError("Driver/library version mismatch"), "NVIDIA: Driver/library version mismatch"),
        (OSError(), "NVIDIA: OSError"),
    ],
)
@pytest.mark.parametrize("function", ["nvmlInit", "nvmlDeviceGetCount"])
def test_without_a_driver_there_are_no_gpus_and_a_reason(function, error, trouble):
    assert NvidiaMeter(lambda: FakeDriver(function, error)).look() == ((), trouble)


def test_without_the_library_there_are_no_gpus_and_a_reason():
    def missing():
        raise ModuleNotFoundError("No module named 'pynvml'")

    assert NvidiaMeter(missing).look() == ((), "NVIDIA: No module named 'pynvml'")


def test_the_library_itself_says_whether_this_machine_has_a_driver():
    gpus, trouble = NvidiaMeter().look()
    assert bool(gpus) != bool(trouble)


def test_nobody_waits_for_a_driver_that_does_not_answer(monkeypatch):
    driver = FakeDriver(deaf="nvmlDeviceGetMemoryInfo")
    meter = NvidiaMeter(lambda: driver)
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now)
    assert meter.read() == ((), "asking the NVIDIA driver")
    assert meter.read() == ((), "asking the NVIDIA driver")
    monkeypatch.setattr(time, "monotonic", lambda: now + 42.4)
    assert meter.read() == ((), "the NVIDIA driver has not answered for 42 s")
    monkeypatch.undo()
    driver.answer.set()
    join_looks()
    assert driver.calls.count("nvmlInit") == 1  # one look at a time
    assert [gpu.load for gpu in meter.read()[0]] == [71.0, 71.0]
    join_looks()


def test_the_driver_is_asked_again_after_it_refused():
    driver = FakeDriver("nvmlInit")
    meter = NvidiaMeter(lambda: driver)
    assert meter.look() == ((), "no NVIDIA driver")
    driver.refusing = ""
    assert len(meter.look()[0]) == 2


def test_a_driver_that_was_loaded_anew_is_met_anew():
    driver = FakeDriver()
    meter = NvidiaMeter(lambda: driver)
    assert len(meter.look()[0]) == 2
    driver.refusing = "nvmlDeviceGetCount"
    assert meter.look() == ((), "no NVIDIA driver")
    driver.refusing = ""
    assert len(meter.look()[0]) == 2
    assert driver.calls.count("nvmlInit") == 2


# TPUs.


@pytest.mark.parametrize(
    ("devices", "nodes", "kind", "text"),
    [
        ({}, (), "", ""),
        (
            {"a/vendor": "0x1ae0", "a/device": "0x0063", "b/vendor": "0x1ae0", "b/device": "0x0063"},
            (),
            "",
            "TPU v5e × 2",
        ),
        ({"a/vendor": "0x1ae0", "a/device": "0x0042", "b/vendor": "0x10de", "b/device": "0x0063"}, (), "", ""),
        ({"a/vendor": "0x1ae0"}, (), "", ""),
        ({}, ("accel0", "accel1", "accelerometer", "accel_x"), "", "TPU × 2"),
        ({}, (), "v5litepod-8", "TPU v5litepod-8"),
        ({}, ("accel0",), "v3-8", "TPU v3-8 × 1"),
    ],
)
def test_tpus_are_told_without_touching_them(devices, nodes, kind, text, tmp_path, monkeypatch):
    monkeypatch.setenv("TPU_ACCELERATOR_TYPE", kind)
    files(tmp_path / "bus", devices)
    files(tmp_path / "dev", dict.fromkeys(nodes, ""))
    assert tpu_text(tmp_path / "bus", tmp_path / "dev") == text


# Trials.


def libtpu_of(folder, source):
    """A process whose libtpu is this text."""
    files(folder / "libtpu", {"__init__.py": "", "sdk.py": source})
    path = os.pathsep.join((str(folder), *sys.path))
    return ["env", f"PYTHONPATH={path}", sys.executable, "-m", "cockpit.store.machine.tpu_probe"]


SDK = """
class tpumonitoring:
    @staticmethod
    def get_metric(name):
        class Metric:
            @staticmethod
            def data():
                return {"duty_cycle_pct": ["98.5", "0.0"], "hbm_capacity_usage": ["3", "4", "5", "6"],
                        "hbm_capacity_total": ["16", "16", "16", "16"]}[name]
        return Metric
"""


def test_chips_are_told_by_libtpu_in_a_process_of_its_own(tmp_path):
    meter = TpuMeter("TPU v3-8 × 2", libtpu_of(tmp_path, SDK))
    rows, trouble = meter.look()
    assert trouble == ""
    assert rows == tuple(TpuRow(core, (98.5, 0.0)[core // 2], 3 + core, 16) for core in range(4))


@pytest.mark.parametrize(
    ("source", "trouble"),
    [
        ("import nowhere_to_be_found", "libtpu: ModuleNotFoundError: No module named 'nowhere_to_be_found'"),
        ("raise RuntimeError('no \x1b[31mchips')", "libtpu: RuntimeError: no chips"),
        ("import os; os.kill(os.getpid(), 11)", "libtpu tells nothing"),
        ("class tpumonitoring: get_metric = None", ""),
    ],
)
def test_a_libtpu_that_does_not_fit_is_a_reason(source, trouble, tmp_path):
    assert TpuMeter("TPU", libtpu_of(tmp_path, source)).look() == ((), trouble)


def test_without_chips_nothing_is_asked():
    assert TpuMeter("", ["no such program"]).read() == ((), "")
    assert TpuMeter("TPU", ["no such program"]).look() == ((), "libtpu tells nothing")


def test_a_program_is_not_started_at_every_look(tmp_path):
    looks = []
    patient = Patient("somebody", lambda: (looks.append(1) or len(looks), ""), 0, every=60.0)
    assert patient.read() == (0, "asking somebody")
    join_looks()
    assert [patient.read() for _ in range(3)] == [(1, "")] * 3
    assert looks == [1]


@pytest.fixture
def trials(tmp_path):
    """Starts processes that print where trials do; all of them are gone afterwards."""
    started = []

    def start(place, program="import time; time.sleep(600)"):
        output = files(tmp_path, {f"{place}/output.log": ""}) / place / "output.log"
        told = f"import os; os.write(2, b'.')\n{program}"  # Python runs, and has its memory
        with output.open("ab") as file:
            process = subprocess.Popen([sys.executable, "-c", told], stdout=file, stderr=subprocess.PIPE)
        started.append(process)
        assert process.stderr.read(1) == b"."
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_trials_are_found_by_where_they_print(tmp_path, trials):
    first = trials("logs/exp002-lr/trials/t003")
    helper = trials("logs/exp002-lr/trials/t003")
    other = trials("logs/exp001-arcface/trials/t000")
    trials("elsewhere/exp001-arcface/trials/t009")
    trials("logs/exp001-arcface/notes/t001")
    found = ProcessMeter(tmp_path / "logs").read()
    assert [(trial.trial, trial.pid, trial.processes) for trial in found] == [
        ("exp001/t000", other.pid, 1),
        ("exp002/t003", min(first.pid, helper.pid), 2),
    ]
    assert all(trial.memory > 1_000_000 for trial in found)
    assert trial_of(first.pid) == "exp002/t003"
    assert trial_of(os.getpid()) == ""


def test_a_busy_trial_has_a_load_and_one_that_ended_is_gone(tmp_path, trials):
    process = trials("logs/exp001-x/trials/t000", "while True: pass")
    meter = ProcessMeter(tmp_path / "logs")
    deadline = time.monotonic() + 60
    while not [trial for trial in meter.read() if trial.load > 10]:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.kill()
    process.wait()
    assert meter.read() == ()


def test_the_load_of_a_new_trial_is_that_since_it_began(tmp_path, trials):
    process = trials("logs/exp001-x/trials/t000", "while True: pass")
    deadline = time.monotonic() + 60
    while not [t for t in ProcessMeter(tmp_path / "logs").read() if t.load > 10]:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert process.poll() is None


def test_a_name_that_steers_terminals_is_shown_as_text(tmp_path, trials):
    trials("logs/exp001-x/trials/t0\x1b[31m00")
    (found,) = ProcessMeter(tmp_path / "logs").read()
    assert found.trial == "exp001/t000"
