"""Event files of TensorBoard."""

import json
import math
import random
import struct

import pytest
from importers.event_files import (
    BEGUN,
    DOUBLE,
    FLOAT,
    INT32,
    INT64,
    VERSION,
    double,
    event,
    hparams,
    losses,
    of_float32,
    simple,
    tensor,
    text,
    write_events,
)
from importers.reading import Told, mutations, points

from cockpit.events.codec import decode, encode
from cockpit.events.kinds import Eval, Step
from cockpit.importers.contract import NO, SURE, RecordedLines, Source
from cockpit.importers.protobuf import of_bytes, of_float64, of_int
from cockpit.importers.registry import importer_of, open_source
from cockpit.importers.tensorboard import IMPORTER
from cockpit.importers.tensorboard_events import EventDecoder
from cockpit.importers.tfrecord import framed

NAME = "events.out.tfevents.1700000000.host.1.0"


def told(folder, **files):
    for name, events in files.items():
        write_events(folder / name.replace("__", "/") / NAME, events)
    return Told(IMPORTER, folder)


def read(tmp_path, *events):
    return Told(IMPORTER, write_events(tmp_path / "run" / NAME, events))


def test_points_of_one_step_are_one_event(tmp_path):
    found = read(
        tmp_path,
        *(event(simple(tag, 0.5), 3, BEGUN + 2) for tag in ("train/loss", "train/lr", "val/acc")),
        event(simple("train/loss", 0.25), 4, BEGUN + 3),
    )
    assert found.steps() == [
        Step(phase="train", step=3, time=2.0, metrics={"loss": 0.5, "lr": 0.5}),
        Eval(phase="valid", step=3, time=2.0, metrics={"acc": 0.5}),
        Step(phase="train", step=4, time=3.0, metrics={"loss": 0.25}),
    ]
    assert found.runs["."].label == "run" and found.runs["."].started == BEGUN
    assert found.ends["."].status == "finished" and found.ends["."].ended == BEGUN + 3


@pytest.mark.parametrize(
    ("tag", "phase", "name"),
    [
        ("loss", "train", "loss"),
        ("loss/train", "train", "loss"),
        ("train_loss", "train", "loss"),
        ("val/acc", "valid", "acc"),
        ("eval/f1", "valid", "f1"),
        ("Loss/validation", "valid", "Loss"),
        ("test/acc", "test", "acc"),
        ("train/time", "train", "time_"),
    ],
)
def test_a_tag_tells_the_phase(tmp_path, tag, phase, name):
    (step,) = read(tmp_path, event(simple(tag, 1.0), 1)).steps()
    assert (step.phase, list(step.metrics)) == (phase, [name])
    assert isinstance(step, Step if phase == "train" else Eval)


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (simple("loss", 0.5), 0.5),
        (tensor("loss", FLOAT, of_bytes(5, struct.pack("<f", 0.5))), 0.5),
        (tensor("loss", FLOAT, of_float32(5, 0.5)), 0.5),
        (tensor("loss", FLOAT, of_bytes(4, struct.pack("<f", 0.5))), 0.5),
        (tensor("loss", DOUBLE, double(0.1)), 0.1),
        (tensor("loss", DOUBLE, of_bytes(6, struct.pack("<d", 0.1))), 0.1),
        (tensor("loss", INT32, of_bytes(7, b"\x05")), 5.0),
        (tensor("loss", INT32, of_int(7, 5)), 5.0),
        (tensor("loss", INT64, of_int(10, -7)), -7.0),
        (tensor("loss", INT64, of_bytes(4, struct.pack("<q", -7))), -7.0),
        (tensor("loss", FLOAT, b""), 0.0),
        (tensor("loss", FLOAT, of_float32(5, 0.5), plugin=""), 0.5),
        (tensor("loss", FLOAT, of_bytes(5, struct.pack("<f", 0.1)) + of_bytes(6, struct.pack("<d", 0.1))), 0.1),
        (simple("loss", math.inf), math.inf),
    ],
)
def test_a_scalar_in_every_shape(tmp_path, value, number):
    (step,) = read(tmp_path, event(value, 1)).steps()
    assert step.metrics == {"loss": number}


def test_a_value_that_is_no_number_stays(tmp_path):
    (step,) = read(tmp_path, event(simple("loss", math.nan), 1)).steps()
    assert math.isnan(step.metrics["loss"])


def test_every_point_of_a_step_is_kept_and_said(tmp_path):
    found = read(tmp_path, *losses(5), *losses(3, first=2))
    assert len(points(found)) == 8
    assert found.unread == [".: 3 points at steps that had come before; the last of each step counts"]


def test_several_values_in_one_summary(tmp_path):
    found = read(tmp_path, event([simple("a", 1.0), simple("b", 2.0), simple("val/c", 3.0)], 7))
    assert [step.metrics for step in found.steps()] == [{"a": 1.0, "b": 2.0}, {"c": 3.0}]


def test_negative_and_missing_steps(tmp_path):
    found = read(
        tmp_path, event(simple("loss", 1.0), -2), event(simple("loss", 2.0)), event(simple("loss", 3.0), 1 << 40)
    )
    assert [step.step for step in found.steps()] == [-2, 0, 1 << 40]


@pytest.mark.parametrize("at", [math.nan, math.inf, -math.inf, 1e300, BEGUN - 5])
def test_times_that_are_none_are_left_out(tmp_path, at):
    (step,) = read(tmp_path, event(simple("loss", 1.0), 1, at)).steps()
    assert step.time == 0.0


def test_an_epoch_is_where_the_steps_are(tmp_path):
    found = read(
        tmp_path,
        event(simple("train/loss", 1.0), 10),
        event(simple("epoch", 2.0), 10),
        event(simple("train/loss", 0.5), 20),
        event(simple("train/epoch", 2.5), 30),
    )
    assert [(step.epoch, dict(step.metrics)) for step in found.steps()] == [
        (2, {"loss": 1.0}),
        (2, {"loss": 0.5}),
        (2, {"epochs": 2.5}),
    ]


def test_lines_are_as_every_writer_writes_them(tmp_path):
    names = ["loss", "val/ü", 'a"b', "api_key", "\x1b[31mred", "test/x"]
    numbers = [0.1, -0.0, 1e-7, 1e30, math.nan, math.inf, -math.inf, 3.0]
    events = [event(simple(name, value), n, BEGUN + n / 7) for n, value in enumerate(numbers * 3) for name in names]
    found = read(tmp_path, *events)
    lines = b"".join(item.lines for item in found.of(RecordedLines)).splitlines(keepends=True)
    assert len(lines) == 72 and len(points(found)) == len(events)
    for line in lines:
        before, _, time = line.rpartition(b',"time":')
        assert encode(decode(line)).rpartition(b',"time":')[0] == before
        assert json.loads(time.rstrip(b"}\n")) == pytest.approx(decode(line).step / 7, abs=1e-6)


def test_lines_say_how_many_they_are(tmp_path):
    values = [0.5, math.nan, 0.25, math.inf, 0.75]
    events = [event([simple("val/acc", value), simple("loss", value)], n) for n, value in enumerate(values)]
    lines = read(tmp_path, event(simple("epoch", 3.0)), *events).of(RecordedLines)
    assert [(part.steps, part.evaluations, part.norms) for part in lines] == [(4, 4, 0), (1, 1, 0)]
    assert [(part.last_step, part.last_epoch) for part in lines] == [(3, 3), (4, 3)]
    assert lines[0].extremes == {("valid", "acc"): (5, 0.25, 0.75, 0.75)} and lines[1].extremes == {}


def test_settings_of_the_hparams_tab_are_the_configuration(tmp_path):
    config = {
        "lr": of_float64(2, 0.001),
        "layers": of_float64(2, 12.0),
        "name": of_bytes(3, "bert"),
        "amp": of_int(4, 1),
    }
    found = read(tmp_path, event(hparams(config)), *losses(2), event(hparams({}, status=2)))
    assert found.runs["."].config == {"lr": 0.001, "layers": 12, "name": "bert", "amp": True}
    assert found.ends["."].status == "failed"


def test_texts_are_notes(tmp_path):
    found = read(
        tmp_path,
        event(text("args/text_summary", "--lr 1\n--bs 2"), 0, BEGUN + 1),
        event(text("note", "good")),
        *losses(1),
    )
    assert found.notes() == ["args/text_summary:\n--lr 1\n--bs 2", "note: good"]


def test_what_is_no_number_is_counted(tmp_path):
    histogram, image = of_bytes(1, "weights") + of_bytes(5, b""), of_bytes(1, "sample") + of_bytes(4, b"")
    several = tensor("weights2", DOUBLE, of_bytes(4, bytes(48)), plugin="histograms")
    again = tensor("weights2", DOUBLE, of_bytes(4, bytes(48)), plugin="")
    found = read(tmp_path, event(histogram, 1), event(image, 1), event(several, 1), event(again, 2), *losses(1))
    assert len(points(found)) == 1
    assert found.unread == [".: not taken, because they are no numbers: 2 × histograms, 1 × histogram, 1 × image"]


def test_each_folder_is_a_run(tmp_path):
    found = told(tmp_path, version_10=losses(1), version_9=losses(2), deep__er=losses(3))
    assert list(found.runs) == ["deep/er", "version_9", "version_10"]
    assert [len(found.steps(key)) for key in found.runs] == [3, 2, 1]


def test_runs_stand_in_the_order_in_which_they_began(tmp_path):
    later = of_float64(1, BEGUN + 100) + of_bytes(3, "brain.Event:2")
    write_events(tmp_path / "a" / NAME, [event(simple("loss", 1.0), 1, BEGUN + 101)], later)
    found = told(tmp_path, b=losses(1))
    assert list(found.runs) == ["b", "a"]


def test_folders_of_phases_belong_to_the_run_above(tmp_path):
    found = told(
        tmp_path,
        run__train=losses(2, "epoch_loss"),
        run__validation=losses(2, "epoch_loss"),
        run__loss_val=losses(1, "loss"),
    )
    assert list(found.runs) == ["run", "run/loss_val"]
    assert [(type(step), step.phase) for step in found.steps("run")] == [(Step, "train")] * 2 + [(Eval, "valid")] * 2


def test_folders_beside_files_belong_to_them(tmp_path):
    settings = [event(hparams({"lr": of_float64(2, 0.5)}))]
    write_events(tmp_path / "run" / NAME, losses(2))
    write_events(tmp_path / "run" / "1700000000.123" / NAME, settings)
    write_events(tmp_path / "run" / "loss_val" / NAME, losses(1, "loss"))
    found = Told(IMPORTER, tmp_path)
    assert list(found.runs) == ["run"]
    assert found.runs["run"].config == {"lr": 0.5}
    assert [step.phase for step in found.steps()] == ["train", "train", "valid"]


def test_files_of_one_folder_are_one_run_in_the_order_of_time(tmp_path):
    write_events(tmp_path / "events.out.tfevents.1700000100.b", losses(2, first=2))
    write_events(tmp_path / "events.out.tfevents.1700000000.z", losses(2))
    found = Told(IMPORTER, tmp_path)
    assert [step.step for step in found.steps()] == [0, 1, 2, 3]


def test_a_run_without_anything_is_none(tmp_path):
    assert Told(IMPORTER, write_events(tmp_path / NAME, [])).runs == {}


def test_a_torn_file_ends_where_it_ends_and_a_damaged_one_says_so(tmp_path):
    path = write_events(tmp_path / NAME, losses(100))
    data = path.read_bytes()
    path.write_bytes(data[:-5])
    torn = Told(IMPORTER, path)
    assert len(torn.steps()) == 99 and torn.unread == []
    damaged = bytearray(data)
    damaged[-30] ^= 4
    path.write_bytes(damaged)
    assert Told(IMPORTER, path).unread == [f"{NAME}: 1 record left out, with a wrong checksum"]
    damaged = bytearray(data)
    damaged[len(framed([VERSION]))] ^= 4
    path.write_bytes(damaged)
    assert Told(IMPORTER, path).unread == [
        f"{NAME}: damaged at byte {len(framed([VERSION]))}; what follows cannot be read"
    ]


def test_it_is_recognised_by_its_content(tmp_path):
    path = write_events(tmp_path / "no-name-at-all", losses(1))
    assert IMPORTER.fit(open_source(path)) == SURE
    assert importer_of(open_source(path)) is IMPORTER
    write_events(tmp_path / "runs" / "a" / NAME, losses(1))
    assert importer_of(Source(tmp_path / "runs")) is IMPORTER
    assert IMPORTER.fit(Source(tmp_path / "nothing")) == NO
    (tmp_path / "text").write_text("loss 0.5\n" * 10)
    assert IMPORTER.fit(open_source(tmp_path / "text")) == NO


def exact(tag, value):
    """A number as `cockpit export` writes it, twice."""
    return tensor(tag, FLOAT, of_bytes(5, struct.pack("<f", value)) + of_bytes(6, struct.pack("<d", value)), plugin="")


STEPS = (0, 1, 127, 128, 20_000, 3_000_000, 1 << 27, 1 << 28, 1 << 40, -1)


def some_events(chance):
    """Events of all shapes in any order, of few tags, so that shapes come again."""
    tags = ["loss", "acc", "val/x", "b" * 30]
    shapes = [
        lambda tag: simple(tag, chance.random()),
        lambda tag: tensor(tag, DOUBLE, double(chance.random())),
        lambda tag: tensor(tag, FLOAT, of_float32(5, chance.random()), plugin=chance.choice(("", "scalars", "other"))),
        lambda tag: exact(tag, chance.random()),
        lambda tag: tensor(tag, INT64, of_int(10, chance.randrange(1000))),
        lambda tag: text(tag, "words", plugin=chance.choice(("", "text"))),
        lambda tag: of_bytes(1, tag) + of_bytes(5, b"histogram"),
    ]
    for _ in range(300):
        value = chance.choice(shapes)(chance.choice(tags))
        more = chance.choice([b""] * 8 + [of_int(2, 77), of_bytes(5, of_bytes(1, value))])
        yield event(value, chance.choice(STEPS), BEGUN + chance.random(), more)


def decoded(records, learning):
    decoder = EventDecoder()
    numbers = [(*one[:3], struct.pack("<d", one[3])) for one in decoder.decode(records, learning=learning)]
    return numbers, decoder.others, decoder.unread


@pytest.mark.parametrize("seed", range(20))
def test_known_shapes_give_what_full_reading_gives(seed):
    chance = random.Random(seed)
    records = list(some_events(chance))
    records += [one for record in records[:100] for one in mutations(record, chance, 2)]
    chance.shuffle(records)
    quick, full = decoded(records, True), decoded(records, False)
    assert str(quick) == str(full)
    assert len(full[0]) > 100


def test_mutated_files_raise_nothing(tmp_path):
    """Changed bytes inside of records too, with checksums that are right."""
    chance = random.Random(5)
    records = [*some_events(chance)][:12]
    records.append(event(hparams({"lr": of_float64(2, 1.0)})))
    path = tmp_path / NAME
    for data in mutations(framed([VERSION, *records]), chance, 150):
        path.write_bytes(data)
        json.dumps([str(item) for item in Told(IMPORTER, path).items])
    for _ in range(150):
        path.write_bytes(framed([VERSION, *(next(mutations(record, chance, 1)) for record in records)]))
        Told(IMPORTER, path)
