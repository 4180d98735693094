"""One line of JSON and back, whatever the values are."""

import json
import math

import numpy as np
import pytest

from cockpit.events.codec import EventError, decode, encode
from cockpit.events.kinds import (
    KINDS,
    Attempt,
    Built,
    Eval,
    Norms,
    Note,
    Step,
    SweepStarted,
    TrialEnded,
    TrialStarted,
    Unknown,
)


@pytest.mark.parametrize("cls", KINDS, ids=lambda cls: cls.kind)
def test_every_kind_survives_with_only_its_required_fields(cls):
    required = {
        "experiment": "exp001",
        "search": "lr",
        "trial": "t000",
        "status": "finished",
        "command": "3f2a",
        "name": "stop",
    }
    names = cls.__dataclass_fields__
    event = cls(**{key: value for key, value in required.items() if key in names})
    assert repr(decode(encode(event))) == repr(event)  # by text, because NaN is not equal to itself


def test_a_step_line_is_what_other_programs_write():
    line = encode(Step(epoch=0, step=50, metrics={"loss": 0.4848, "lr": 5e-06}, time=119.47729))
    assert json.loads(line) == {
        "v": 1, "kind": "step", "phase": "train", "epoch": 0, "step": 50, "loss": 0.4848, "lr": 5e-06, "time": 119.47729
    }  # fmt: skip
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e308, 5e-324, -0.0, 0.1 + 0.2, 2**70])
def test_numbers_survive_exactly(value):
    decoded = decode(encode(Step(step=1, metrics={"loss": value})))
    assert isinstance(decoded, Step)
    assert repr(decoded.metrics["loss"]) == repr(value)


def test_lines_stay_valid_json_for_strict_readers():
    line = encode(Eval(step=1, metrics={"loss": math.nan, "score": math.inf}))
    assert json.loads(line, parse_constant=lambda token: pytest.fail(f"bare {token}"))["loss"] == "NaN"


def test_bare_nan_of_another_writer_is_read():
    assert math.isnan(decode('{"kind":"step","step":1,"loss":NaN}').metrics["loss"])


@pytest.mark.parametrize(
    ("value", "expected"),
    [(np.float32(0.5), 0.5), (np.int64(3), 3), (np.array(2.0), 2.0), (True, True), (None, None), ("text", "text"),
     (1 + 2j, "(1+2j)"), (np.array([1, 2]), "[1 2]")],
)  # fmt: skip
def test_foreign_values_become_plain(value, expected):
    assert decode(encode(Step(metrics={"x": value}))).metrics["x"] == expected


def test_unknown_kinds_and_keys_are_kept():
    line = b'{"v":7,"kind":"embedding_plot","step":3,"tags":["a"]}'
    unknown = decode(line)
    assert unknown == Unknown(kind="embedding_plot", data={"step": 3, "tags": ["a"]})
    assert decode(encode(unknown)) == unknown
    note = decode('{"kind":"note","text":"hm","mood":{"level":2}}')
    assert note == Note(text="hm", extra={"mood": {"level": 2}})
    assert decode(encode(note)) == note


def test_a_metric_cannot_replace_a_field():
    event = decode(encode(Step(step=3, metrics={"kind": 1.0, "step": 9.0, "loss": 2.0})))
    assert event == Step(step=3, metrics={"loss": 2.0})


def test_a_field_of_the_wrong_type_keeps_the_object_as_unknown():
    assert decode('{"kind":"step","step":"many","loss":1}') == Unknown(kind="step", data={"step": "many", "loss": 1})
    assert decode('{"kind":"trial_ended","status":"finished"}').kind == "trial_ended"
    assert isinstance(decode('{"kind":"trial_ended","status":"finished"}'), Unknown)
    assert decode('{"kind":"step","step":"50"}').step == 50


@pytest.mark.parametrize(
    "line", [b"", b"loss: 3", b"[1]", b'{"step":1}', b'{"kind":3}', b'{"kind":"step"', b"\xff\xfe", b"[" * 9000]
)
def test_other_lines_are_no_events(line):
    with pytest.raises(EventError):
        decode(line)


def test_text_is_made_safe_in_both_directions():
    nasty = "a\x1b]52;c;cGF5bG9hZA==\x07b\u202ec\nd"
    line = encode(Note(text=nasty, extra={"k\x1b[31m": "v\x9b1m"}))
    assert b"\\u001b" not in line
    assert decode(line) == Note(text="abc\nd", extra={"k": "v"})
    raw = json.dumps({"kind": "note", "text": nasty, "k\x1b[31m": 1})
    assert decode(raw) == Note(text="abc\nd", extra={"k": 1})
    assert decode(encode(Step(metrics={"lo\nss": 1.0}))).metrics == {"lo ss": 1.0}


def test_nested_values_survive():
    event = SweepStarted(
        experiment="exp001", search="s", environment={"versions": {"torch": "2.13"}, "bad": [math.inf]}
    )
    assert decode(encode(event)) == event


def test_equality_of_whole_events():
    for event in (
        TrialEnded(trial="t001", status="pruned", rule="asha", value=0.5, threshold=0.6, rank=3, of=4),
        Attempt(attempt=2, pid=4, device="cpu", threads=1),
        Norms(
            step=1,
            group="pg0",
            param_mean=1.0,
            param_std=0.1,
            grad_mean=2.0,
            grad_std=0.0,
            grad_max=3.0,
            update_ratio=0.001,
        ),
    ):
        assert decode(encode(event)) == event


def test_secrets_do_not_get_into_a_line() -> None:
    secret = "ghp_c4n4ryC4N4RY0123456789abcdef"
    note = Note(text=f"pushed with {secret}")
    assert decode(encode(note)) == Note(text="pushed with [redacted]")
    for event in (note, TrialStarted(trial="t000", config={"hub_token": "letmein1", secret: 1, "deep": [secret]})):
        line = encode(event).decode()
        assert "C4N4RY" not in line
        assert "letmein1" not in line
        assert "[redacted]" in line


def test_what_has_nothing_to_say_is_left_out_of_the_record():
    plain = Norms(step=3, group="body", grad_mean=1.0)
    assert set(json.loads(encode(plain))) == {
        "v", "kind", "step", "group", "param_mean", "param_std", "grad_mean", "grad_std", "grad_max", "nonfinite",
        "update_ratio",
    }  # fmt: skip
    assert "frozen" not in json.loads(encode(Built()))


def test_tensors_that_stand_out_come_back():
    event = Norms(step=3, group="body", largest="a.weight", zero=2, unchanged=1, names={"zero": ["a", "b\x1b[31m"]})
    found = decode(encode(event))
    assert (found.largest, found.zero, found.unchanged, found.names) == ("a.weight", 2, 1, {"zero": ["a", "b"]})
    frozen = {"tensors": 7, "of": 9, "names": ["x"]}
    assert decode(encode(Built(frozen=frozen))).frozen == frozen


def test_norms_of_an_older_version_are_norms():
    line = b'{"v":1,"kind":"norms","step":1,"group":"all","param_mean":1.0,"grad_mean":2.0,"nonfinite":0}\n'
    found = decode(line)
    assert (found.param_mean, found.largest, found.zero, found.names) == (1.0, "", 0, {})
