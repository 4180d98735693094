"""Lines read at once give what lines read one by one give."""

import random

import pytest
from importers.samples_printed import SAMPLES
from printed.test_stream import LOGS

from cockpit.events.codec import decode, encode
from cockpit.printed.fast_reader import FastReader
from cockpit.printed.several_runs import SeveralRuns
from cockpit.printed.written import Written

NORMS = """\
Train Step {n}, loss: {x:.5f}, lr: 5e-06 final_score: {y:.5f}, mc_score: {z:.5f}, time: {t:.5f}
params info pg0: norm std({x:.6f}) mean({y:.6f})
grad info pg0: norm std({z:.6f}) mean({x:.6f})
params info pg1: norm std({t:.6f}) mean({y:.6f})
grad info pg1: norm std({y:.6f}) mean({z:.6f})
"""
FORMS = [
    "Train Step {n}, loss: {x:.5f}, lr: 5e-06 final_score: {y:.5f}, mc_score: {z:.5f}, time: {t:.5f}\n",
    "epoch {e} step {n} loss: {x:.4f} acc: {y:.3f}\n",
    "iter {n}: loss {x:.4f}, time {t:.2f}ms, mfu 3.01%\n",
    "2024-01-02 10:00:{s:02d},123 INFO step {n} | loss {x:.4f} | lr {y:.2e} | val_loss {z:.4f}\n",
    '{{"epoch": {e}, "step": {n}, "loss": {x}, "lr": {y}}}\n',
    "{{'loss': {x:.4f}, 'grad_norm': {y}, 'learning_rate': {z}, 'epoch': {t:.2f}}}\n",
    "loss={x:.3f} val_acc={y:.3f}\n",
    "Epoch [{e}][{n}/7330]\tlr: 1.0e-03, eta: 1 day, 2:33:{s:02d}, time: 0.4, loss_cls: {x:.4f}, loss: {y:.4f}\n",
    "read {n} files of shard {e}\n",
    "nothing to say\n",
    "\n",
    NORMS,
    "[RESULT]: Validation. Epoch: {e}, loss: {x:.5f}, final_score: {y:.5f}, time: {t:.5f}\n",
    "params info pg0: norm std({x:.6f}) mean({y:.6f})\ngrad info pg0: norm std({z:.6f}) mean({x:.6f})\n" * 8,
    "Rank 1, iteration {n}, loss {x}\n",
    "{{'lr': 0.1, 'units': {e}}}\n",
    "--- Starting trial: run-{e}\n",
    "step {n} loss: nan acc: {y:.3f}\n",
    "\rEpoch {e}:  50%|##   | {n}/9999 [00:01<00:01, 9it/s, loss={x:.3f}]",
    "val step {n} loss: {x:.4f}\r\n",
    'Traceback (most recent call last):\n  File "x.py", line {n}\nValueError: {x}\n',
]


def everything(reader, data, size):
    """All events, the words of the runs, and the account of a log."""
    told = []
    for at in range(0, len(data), size):
        reader.feed(data[at : at + size])
        told += reader.take()
    reader.close()
    told += reader.take()
    events = []
    for run, what in told:
        if isinstance(what, Written):
            lines = b"".join(what.lines).splitlines()
            assert len(lines) == what.steps + what.evaluations + what.norms
            events += [(run, repr(_plain(decode(line)))) for line in lines]
        else:
            events.append((run, repr(_plain(decode(encode(what))))))
    words = [reader.words(run) for run in range(reader.run + 1)]
    account = reader.account
    return events, words, (account.lines, account.understood, account.take_unread()), reader.failure


def _plain(event):
    """With all numbers as floats: a whole number stays one in a line that was written at once."""
    values = {slot: getattr(event, slot) for slot in type(event).__slots__}
    if "metrics" in values:
        values["metrics"] = {name: float(value) for name, value in values["metrics"].items()}
    if values.get("time") is not None:
        values["time"] = float(values["time"])
    return type(event).__name__, values


def check(data, size=1 << 16):
    assert everything(FastReader(""), data, size) == everything(SeveralRuns(""), data, 1 << 16)


@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_samples(sample, tmp_path):
    data = sample.make(tmp_path).read_bytes()
    check(data * 3)


@pytest.mark.parametrize("path", sorted(LOGS.glob("*/*.txt")), ids=lambda path: path.name)
def test_logs_of_others(path):
    check(path.read_bytes())


def mixed(seed):
    """Some forms in turns, in runs of all lengths, with counters that mostly grow."""
    chance = random.Random(seed)
    forms = chance.sample(FORMS, chance.randrange(1, 7))
    step, epoch, lines = 0, 0, []
    for _ in range(60):
        form = chance.choice(forms)
        for _ in range(chance.choice((1, 1, 2, 5, 40))):
            step += chance.choice((1, 1, 1, 10))
            if chance.random() < 0.01:
                step, epoch = chance.choice((0, 1, step, step // 2)), max(0, epoch + chance.choice((0, 1, 1, -3)))
            numbers = {name: chance.uniform(0, 2) ** chance.randrange(1, 9) for name in "xyz"}
            numbers = {
                name: chance.choice((value, value, -value, float(round(value)))) for name, value in numbers.items()
            }
            lines.append(form.format(n=step, e=epoch, s=chance.randrange(60), t=chance.uniform(0, 900), **numbers))
    return "".join(lines).encode()


@pytest.mark.parametrize("seed", range(24))
def test_random_mixes(seed):
    check(mixed(seed), size=random.Random(seed).choice((64, 1000, 1 << 20)))


def bars(seed):
    """Epochs of progress bars: of tqdm with a validation between, or of Keras; some with what bars do, too."""
    chance = random.Random(seed)
    total, keras, odd = chance.choice((7, 150, 900)), chance.random() < 0.4, chance.random() < 0.5
    lines = []
    for epoch in range(chance.randrange(1, 4)):
        lines.append(f"Epoch {epoch + 1}/3\n" if keras else "")
        step = 0
        while step < total:
            step = min(total, step + chance.choice((1, 1, 1, 2, 7)))
            loss = chance.random() * chance.choice((1, 1, 1000, 1e-7))
            if keras:
                drawn = "=" * (20 * step // total) + ">" + "." * (20 - 20 * step // total)
                state = (
                    f"\r{step:3}/{total} [{drawn}] - ETA: {chance.randrange(99)}s - loss: {loss:.4f} - acc: 0.{step}"
                )
            else:
                drawn = "█" * (10 * step // total) + chance.choice(("", "▌", "▏"))
                clock = f"{chance.randrange(60):02d}:{chance.randrange(60):02d}"
                state = f"\rEpoch {epoch}: {100 * step // total:3}%|{drawn:10}| {step}/{total} [{clock}<{clock}, "
                state += f"{loss:.2f}it/s, loss={loss:.3g}{', val_acc=0.7' if odd and step > total // 2 else ''}]"
            lines.append(state * (1 + (odd and chance.random() < 0.05)))
            if odd and chance.random() < 0.01:
                lines.append(
                    chance.choice(
                        ("\n", "\nsaved 3 files\n", "\r\n", "\r", "\x1b[A", "\rValidation:  50%|# | 1/2 [a<b]")
                    )
                )
        lines.append(" - val_loss: 0.5\n" if keras else "\n")
    return "".join(lines).encode()


@pytest.mark.parametrize("seed", range(24))
def test_progress_bars(seed):
    check(bars(seed), size=random.Random(seed).choice((100, 5000, 1 << 20)))


def test_many_states_of_a_bar_are_written_at_once():
    text = "".join(f"\rEpoch 0:  {n // 10}%|#| {n}/1000 [00:01<00:01, 9it/s, loss=0.{n}]" for n in range(1, 1000))
    reader = FastReader("")
    reader.feed(text.encode() + b"\n")
    written = [what for _, what in reader.take() if isinstance(what, Written)]
    assert sum(what.steps for what in written) >= 990


@pytest.mark.parametrize("form", FORMS[:8])
def test_many_lines_of_one_form_are_written_at_once(form):
    chance = random.Random(form)
    lines = (
        form.format(n=n + 1, e=n // 100, s=n % 60, t=n / 100, x=chance.random(), y=chance.random(), z=chance.random())
        for n in range(400)
    )
    reader = FastReader("")
    reader.feed("".join(lines).encode())
    written = [what for _, what in reader.take() if isinstance(what, Written)]
    assert sum(what.steps for what in written) >= 380


def norms(seed):
    """Steps with norms below them, of which now and then a line is missing, doubled, of another group or misplaced."""
    chance = random.Random(seed)
    step, lines = 0, []
    for _ in range(80):
        step = chance.choice((0, step // 2)) if chance.random() < 0.02 else step + chance.choice((1, 1, 3))
        numbers = {name: chance.uniform(0, 2) ** chance.randrange(1, 9) for name in "xyzt"}
        block = NORMS.format(n=step, **numbers).splitlines(keepends=True)
        defect, at = chance.choice((*"mdgos", *[""] * 60)), chance.randrange(len(block))
        if defect == "m":
            del block[at]
        elif defect == "d":
            block.insert(at, chance.choice(block))
        elif defect == "g":
            block += [line.replace("pg1", chance.choice(("pg0", "pg2"))) for line in block[3:]]
        elif defect == "o":
            chance.shuffle(block)
        elif defect == "s":
            block = block[:3]
        lines += block
    return "".join(lines).encode()


@pytest.mark.parametrize("seed", range(12))
def test_norms_below_steps(seed):
    check(norms(seed), size=random.Random(seed).choice((64, 1000, 1 << 20)))


def test_many_steps_with_norms_are_written_at_once():
    text = "".join(NORMS.format(n=n, x=0.5, y=0.25, z=0.125, t=n / 4) for n in range(1, 400))
    reader = FastReader("")
    reader.feed(text.encode())
    taken = [(what.steps, what.norms) for _, what in reader.take() if isinstance(what, Written)]
    assert sum(steps for steps, _ in taken) >= 380
    assert sum(norms for _, norms in taken) >= 760
