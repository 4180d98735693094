"""Whatever the pipe does: splits, ranks, colours, binary, lines without an end."""

import random
import re
import tracemalloc
from pathlib import Path

import pytest
from printed.reading import brief, read
from printed.test_bars import KERAS, bar
from printed.test_known_formats import RESULTS
from printed.test_pairs import LINES, ORDINARY

from cockpit.events.kinds import Eval, Norms, Step
from cockpit.printed import PrintedReader

LOGS = Path(__file__).parents[3] / "shared" / "data" / "logs"
SAMPLES = [
    RESULTS,
    KERAS,
    ORDINARY,
    bar(1, 2, "loss=0.5"),
    *(f"{line}\n" for line in LINES),
    "\r\n",
    "\r",
    "Größe: 5 ━\n",
]


@pytest.mark.parametrize("settings", [{}, {"metric": "val_loss"}, {"pattern": r"(?P<key>\w+)[:=]\s*(?P<value>[\d.]+)"}])
def test_any_split_of_the_stream_gives_the_same_events(settings):
    chance = random.Random(4)
    for _ in range(25):
        data = bytearray("".join(chance.choices(SAMPLES, k=8)).encode())
        for _ in range(chance.randrange(6)):
            data.insert(chance.randrange(len(data)), chance.choice(b"\r\n\xff\x1b[:0"))
        whole = read(bytes(data), **settings)
        reader, parts, start = PrintedReader(**settings), [], 0
        while start < len(data):
            end = start + chance.choice((1, 1, 2, 5, 40, 400))
            parts += reader.feed(bytes(data[start:end]))
            start = end
        assert repr(parts + reader.close()) == repr(whole)


def test_only_rank_0_and_lines_without_a_rank_count():
    prefixes = [
        "[rank{}]: ",
        "[{}] ",
        "[{}]: ",
        "(worker {}) ",
        "{}: ",
        "Rank {}, ",
        "[default{}]:",
        "[1,{}]<stdout>:",
        " {}: ",
    ]
    for prefix in prefixes:
        text = (
            "".join(f"{prefix.format(rank)}step 5 loss 0.{rank + 1}\n" for rank in (3, 0, 1, 12)) + "step 6 loss 0.9\n"
        )
        assert [(event[3], event[4]) for event in brief(text)] == [(5, {"loss": 0.1}), (6, {"loss": 0.9})], prefix


def test_colours_returns_and_broken_text_do_no_harm():
    text = b"\x1b[32mstep 5\x1b[0m loss: \x1b]8;;x\x070.5\r\n\xff\xfe step 6 loss: 0.4\n\x00\x01\x02\xc3\x28\n"
    assert [(event[3], event[4]) for event in brief(text)] == [(5, {"loss": 0.5}), (6, {"loss": 0.4})]


def test_a_line_that_never_ends_takes_no_memory_and_a_cut_number_is_none():
    reader = PrintedReader(metric="loss")
    block = b"step 5 loss: 0.125 " * 5000
    tracemalloc.start()
    events = [event for _ in range(110) for event in reader.feed(block)]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert events == [] and peak < 3 * len(block)
    assert {value for event in reader.close() for value in event.metrics.values()} <= {0.125}
    assert read(b"loss: 0." + b"1" * 100_000 + b"\nstep 1 loss: 0.5\n") == read(b"step 1 loss: 0.5\n")


def test_noise_raises_nothing():
    chance = random.Random(11)
    for settings in ({}, {"metric": "loss"}, {"pattern": r"(?P<key>\S+)=(?P<value>\S+)"}):
        reader = PrintedReader(**settings)
        for _ in range(120):
            reader.feed(chance.randbytes(chance.randrange(200)))
            sample = bytearray(chance.choice(SAMPLES).encode())
            del sample[chance.randrange(len(sample)) :]
            reader.feed(
                bytes(sample) + chance.choice([b"9" * 400, b"1e999", "٣".encode(), b"[" * 50, b'{"a":' * 50, b"\n"])
            )
        reader.close()


def logs(name):
    if not LOGS.is_dir():
        pytest.skip("the printed logs of others are not here")
    return (LOGS / name).read_bytes()


def test_the_notes_of_a_submission_log():
    data = logs("toxicity_notes/notes.md")
    lines = [re.sub(r"^\[\w+\]\d{4}[^:]*:\d\d:[\d,]+:\w+:", "", line) for line in data.decode().splitlines()]
    printed = [line for line in lines if line.startswith("Train Step ")]
    placeholders = [line for line in printed if line.startswith("Train Step 0, loss: 0.00000")]
    assert len(printed) == 159
    assert data.decode().count("\n[DEBUG]2020") == 20
    found = read(data, metric="final_score")
    assert len([event for event in found if isinstance(event, Step)]) == 159 - len(placeholders)
    assert len([event for event in found if isinstance(event, Eval)]) == data.count(b"[RESULT]") == 30
    assert (
        len([event for event in found if isinstance(event, Norms)])
        == data.count(b"grad info pg")
        == data.count(b"params info pg")
    )
    assert all(event.phase == "train" or event.phase == "valid" for event in found if isinstance(event, Eval))
    assert {event.time for event in found if isinstance(event, Eval)} >= {28.67925}  # wrapped


@pytest.mark.parametrize(
    ("name", "steps", "evaluations"),
    [
        ("hf_trainer_stdout/stdout_lines.txt", 20, 0),
        ("keras_progress/get_started.txt", 5, 5),
        ("keras_progress/hparams.txt", 8, 8),
        ("flax_absl/quick_start.txt", 10, 10),
        ("flax_absl/mnist.txt", 9, 9),
        ("mae_jsonl/log.txt", 100, 100),
        ("pytorch_print_loops/distributed_ranks.txt", 13, 2),
        ("pytorch_print_loops/tqdm_total_loss.txt", 10, 10),
        ("pytorch_print_loops/triplet_prints.txt", 12, 1),
    ],
)
def test_logs_of_others(name, steps, evaluations):
    found = read(logs(name))
    assert sum(isinstance(event, Step) for event in found) == steps
    assert sum(isinstance(event, Eval) for event in found) == evaluations
