"""The machine is looked at while a sweep runs, and what goes wrong in that ends nothing."""

import pytest

from cockpit.engine import machine_log
from cockpit.engine.machine_log import MachineLog, pause
from cockpit.store import machine
from cockpit.store.folder import RunFolder
from cockpit.store.machine import GpuRow, MachineRow
from cockpit.store.machine.record import read_samples


class Looks:
    """Stands for the meter: each look is one more; the last one of `until` tells that the sweep may end."""

    def __init__(self, log, until, broken=False):
        self.count, self.log, self.until, self.broken = 0, log, until, broken

    def read(self):
        if self.broken:
            raise OSError("no machine")
        self.count += 1
        if self.count == self.until:
            self.log._over.set()
        return MachineRow(gpus=(GpuRow(0, "A" if self.count < 4 else "B", load=float(self.count)),), whole=True)


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setattr(machine_log, "FIRST_SECONDS", 0.0)
    monkeypatch.setattr(machine_log, "pause", lambda elapsed: 0.0)
    folder = RunFolder(tmp_path / "exp001-hill")
    folder.path.mkdir()
    return folder


def keep(run, monkeypatch, **looks):
    log = MachineLog(run)
    monkeypatch.setattr(machine, "MachineMeter", lambda logs: Looks(log, **looks))
    log._keep()
    return read_samples(run.machine)


def test_every_look_but_the_first_is_kept_and_one_comes_at_the_end(run, monkeypatch):
    samples = keep(run, monkeypatch, until=5)
    # The first look is what the loads of the next are measured from.
    assert [sample.values["gpu0/load"] for sample in samples] == [2.0, 3.0, 4.0, 5.0, 6.0]
    assert [sample.names["gpu0"] for sample in samples] == ["A", "A", "B", "B", "B"]
    assert run.machine.read_text().count("names") == 2


def test_a_machine_that_cannot_be_looked_at_is_said_in_the_log_and_ends_nothing(run, monkeypatch, capsys):
    assert keep(run, monkeypatch, until=1, broken=True) == []
    assert "OSError: no machine" in capsys.readouterr().err


def test_a_sweep_that_is_over_in_a_moment_has_none(tmp_path):
    run = RunFolder(tmp_path)
    with MachineLog(run):
        pass
    assert not run.machine.exists()


def test_long_sweeps_are_looked_at_less_often():
    assert pause(0.0) == pause(2_500.0) == 5.0
    assert pause(86_400.0) == pytest.approx(172.8)
    elapsed, looks = 0.0, 0
    while elapsed < 7 * 86_400.0:
        elapsed, looks = elapsed + pause(elapsed), looks + 1
    assert looks < 3_300
