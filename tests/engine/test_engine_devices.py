"""What is meant by a device on this machine, and what records call one."""

from __future__ import annotations

import pytest
from sweeping import search

from cockpit.engine.devices import device_text, is_another, kind_of, takes_all_chips
from cockpit.engine.machine import NoRoomError, Share, share
from cockpit.engine.program_environment import program_environment
from cockpit.engine.request import TrialRequest
from trainers.devices import autoload, automatic, chips
from trainers.devices.kinds import CHOICES


@pytest.fixture
def on_tpu(monkeypatch):
    monkeypatch.setattr(chips, "has_chips", lambda: True)
    monkeypatch.setattr(automatic, "is_installed", lambda package: True)


@pytest.fixture
def without_tpu(monkeypatch):
    monkeypatch.setattr(chips, "has_chips", lambda: False)


@pytest.mark.parametrize(
    ("described", "kind"),
    [
        ("cpu (2 threads)", "cpu"),
        ("cuda:0 NVIDIA H200", "cuda"),
        ("xla:0 TPU", "xla"),
        ("tpu TPU v5e", "tpu"),
        ("mps arm", "mps"),
        ("none", "cpu"),
        ("", "cpu"),
        ("auto", "cpu"),
    ],
)
def test_a_record_tells_what_to_ask_for(described, kind):
    assert kind_of(described) == kind


@pytest.mark.parametrize(
    ("asked", "described", "other"),
    [
        ("auto", "cuda:0 A", False),
        ("cpu", "cpu (1 thread)", False),
        ("cuda", "cpu (1 thread)", True),
        ("tpu", "xla:0 TPU", False),
        ("tpu", "tpu TPU v6e", False),
        ("xla", "tpu TPU v6e", True),
        ("cuda", "none", False),
    ],
)
def test_times_of_another_device_do_not_count(asked, described, other):
    assert is_another(asked, described) == other


@pytest.mark.usefixtures("without_tpu")
def test_auto_says_what_it_will_be_and_why():
    assert device_text("auto", 0) == "auto: cpu (no CUDA card is visible, no TPU, no Metal)"
    assert device_text("cuda", 0) == "cuda"


@pytest.mark.usefixtures("on_tpu")
@pytest.mark.parametrize(("device", "takes"), [("auto", True), ("tpu", True), ("xla", True), ("cpu", False)])
def test_a_trial_has_the_whole_tpu_and_the_cores_to_feed_it(device, takes):
    assert takes_all_chips(device, cards=0) == takes
    expected = Share(1, 8.0, 0.0) if takes else Share(8, 1.0, 0.0)
    assert share(search(), device, available_cores=8, gpus=0) == expected


@pytest.mark.usefixtures("on_tpu")
def test_two_trials_on_one_tpu_are_refused():
    with pytest.raises(NoRoomError, match="2 trials cannot share a TPU; at most 1 fits at once"):
        share(search(concurrent=2), "tpu", available_cores=8, gpus=0)
    assert share(search(concurrent=1, resources={"cpu": 2}), "tpu", 8, 0) == Share(1, 2.0, 0.0)


def test_torch_xla_on_the_processor_is_shared_as_cores_are(monkeypatch):
    monkeypatch.setenv("PJRT_DEVICE", "CPU")
    assert share(search(), "xla", available_cores=4, gpus=0) == Share(4, 1.0, 0.0)


@pytest.mark.parametrize(("has_chips", "told"), [(False, "0"), (True, None)])
def test_programs_are_spared_torch_tpu_where_there_is_no_tpu(monkeypatch, tmp_path, has_chips, told):
    monkeypatch.setattr(chips, "has_chips", lambda: has_chips)
    monkeypatch.setattr(autoload, "is_installed", lambda package: True)
    monkeypatch.delenv(autoload.VARIABLE, raising=False)
    request = TrialRequest(experiment="exp001", trial="t000", trainer="", config={}, folder=str(tmp_path))
    assert program_environment(request).get(autoload.VARIABLE) == told


def test_the_launch_screen_and_the_command_line_offer_the_same_devices():
    from cockpit.cli import check, rerun, run, sweep
    from cockpit.tui.launch.options import BY_NAME

    offered = [
        next(option.type.choices for option in command.params if option.name == "device")
        for command in (check.check, rerun.rerun, run.run, sweep.sweep)
    ]
    assert [*map(tuple, offered), BY_NAME["device"].choices] == [CHOICES] * 5
