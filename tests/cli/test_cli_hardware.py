"""What the doctor says of devices and of libraries that do not fit each other."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from cockpit.cli import hardware
from cockpit.cli.finding import Finding


@pytest.fixture
def machine(monkeypatch):
    """Sets what is installed, what children answer, and whether there are TPU chips."""

    def set_up(versions=(), answers=(), chips=False):
        known, said = dict(versions), dict(answers)
        monkeypatch.setattr(hardware, "installed_version", lambda name: known.get(name, ""))
        monkeypatch.setattr(hardware, "has_chips", lambda: chips)
        monkeypatch.setattr(
            hardware, "in_child", lambda what, program: said.get(what, Finding(f"{what} works", "ok", "1.0"))
        )

    return set_up


def torch_says(**found):
    usual = {"version": "2.13.0+cpu", "cards": [], "mps": False, "loaded": [], "auto": "cpu (no card)"}
    return {"torch": Finding("torch works", "ok", json.dumps(usual | found))}


def told(findings):
    return {finding.what: (finding.level, finding.says) for finding in findings}


def test_a_child_may_die_in_any_way():
    assert hardware.in_child("x", "print('noise'); print('fine')") == ("x works", "ok", "fine")
    assert hardware.in_child("x", "raise OSError('torn library')") == ("x works", "bad", "OSError: torn library")
    assert hardware.in_child("x", "import os; os.abort()").level == "bad"


def test_a_child_that_hangs_is_given_up(monkeypatch):
    def hang(*_, timeout, **__):
        raise subprocess.TimeoutExpired("x", timeout)

    monkeypatch.setattr(subprocess, "run", hang)
    assert hardware.in_child("x", "") == ("x works", "bad", "no answer within 60 s")


def test_an_ordinary_machine_has_nothing_bad_and_the_reason_for_auto(machine):
    machine({"torch": "2.13.0"}, torch_says(auto="cpu (no CUDA card is visible, no TPU, no Metal)"))
    found = told(hardware.hardware())
    assert found["device auto"] == ("ok", "cpu (no CUDA card is visible, no TPU, no Metal)")
    assert found["torch works"] == ("ok", "2.13.0+cpu")
    assert {level for level, _ in found.values()} == {"ok", "note"}


def test_what_there_is_is_named(machine):
    machine({"torch": "2.13.0"}, torch_says(cards=["A", "B"], mps=True))
    found = told(hardware.hardware())
    assert found["cuda works"] == ("ok", "A, B")
    assert found["mps"] == ("ok", "Metal")


def test_torch_xla_of_another_version_is_told_with_the_way_out(machine):
    undefined = Finding("torch_xla works", "bad", "ImportError: undefined symbol: _ZN5torch8autograd10deleteNode")
    machine({"torch": "2.13.0+cpu", "torch_xla": "2.9.0"}, torch_says() | {"torch_xla": undefined})
    level, says = told(hardware.hardware())["torch_xla"]
    assert level == "bad"
    assert says == (
        "torch_xla 2.9.0 works with torch 2.9, and torch 2.13.0+cpu is installed; "
        'run `pip install "torch==2.9.*"` or remove it; importing it says: ImportError: undefined symbol: '
        "_ZN5torch8autograd10deleteNode"
    )


def test_torch_xla_of_the_same_version_is_tried_too(machine):
    broken = Finding("torch_xla works", "bad", "OSError: libtpu.so: cannot open")
    machine({"torch": "2.9.1+cpu", "torch_xla": "2.9.0"}, torch_says() | {"torch_xla": broken})
    assert told(hardware.hardware())["torch_xla works"] == ("bad", "OSError: libtpu.so: cannot open")


@pytest.mark.parametrize(
    ("loaded", "chips", "is_bad"), [(True, False, True), (True, True, False), (False, False, False)]
)
def test_torch_tpu_without_a_tpu_is_bad_where_torch_loads_it(machine, loaded, chips, is_bad):
    machine({"torch": "2.13.0", "torch_tpu": "0.2.0"}, torch_says(loaded=["torch_tpu"] if loaded else []), chips=chips)
    findings = list(hardware.hardware())
    bad = [finding for finding in findings if finding.level == "bad"]
    assert bool(bad) == is_bad
    if is_bad:
        assert "TORCH_DEVICE_BACKEND_AUTOLOAD=0" in bad[0].says
    assert told(findings)["torch_tpu works"] == ("ok", "0.2.0")


def test_torch_that_hangs_because_of_torch_tpu_gets_the_hint(machine):
    hangs = {"torch": Finding("torch works", "bad", "no answer within 60 s")}
    machine({"torch": "2.13.0", "torch_tpu": "0.2.0"}, hangs)
    says = told(hardware.hardware())["torch works"][1]
    assert says == "no answer within 60 s; torch loads torch_tpu by itself: try TORCH_DEVICE_BACKEND_AUTOLOAD=0"


def test_a_tpu_without_a_library_is_bad(machine):
    machine({"torch": "2.13.0"}, torch_says(), chips=True)
    assert told(hardware.hardware())["torch_tpu"][0] == "bad"


def test_torch_is_really_asked():
    done = subprocess.run([sys.executable, "-c", hardware._ASK_TORCH], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert found["version"]
    assert "(" in found["auto"]
