"""Large printed logs of several kinds, as trainings print them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

Line = Callable[[int, random.Random], str]


def _steps(n: int, chance: random.Random) -> str:
    a, b, c = chance.random(), chance.random(), chance.random()
    line = f"Train Step {n}, loss: {a:.5f}, lr: 5e-06 final_score: {b:.5f}, mc_score: {c:.5f}, time: {n * 0.33:.5f}\n"
    if n % 2000:
        return line
    return f"{line}[RESULT]: Validation. Epoch: {n // 2000}, loss: {a:.5f}, final_score: {b:.5f}, time: 28.67925\n"


def _norms(n: int, chance: random.Random) -> str:
    pairs = [
        f"{half} info pg{group}: norm std({chance.random() * 9:.6f}) mean({chance.random():.6f})\n"
        for group in (0, 1)
        for half in ("params", "grad")
    ]
    return _steps(n, chance) + "".join(pairs)


def _logger(n: int, chance: random.Random) -> str:
    time = f"2024-05-01 {n // 3600 % 24:02d}:{n // 60 % 60:02d}:{n % 60:02d},{n % 1000:03d}"
    line = f"{time} INFO trainer: epoch {n // 5000} step {n} | loss {chance.random():.4f} | lr {chance.random():.2e}\n"
    if n % 5000:
        return line
    return (
        f"{line}{time} INFO trainer: valid epoch {n // 5000} loss: {chance.random():.4f} acc: {chance.random():.4f}\n"
    )


def _trainer(n: int, chance: random.Random) -> str:
    a, b, c = chance.random(), chance.random() * 9, chance.random() * 1e-4
    return f"{{'loss': {a:.4f}, 'grad_norm': {b}, 'learning_rate': {c}, 'epoch': {n / 1000:.2f}}}\n"


def _bar(n: int, chance: random.Random) -> str:
    done = n % 1000
    clock = f"{n // 60 % 60:02d}:{n % 60:02d}"
    state = f"\rEpoch {n // 1000}: {done // 10:3}%|{'#' * (done // 100):10}| {done}/1000 [{clock}<{clock}, 9.8it/s, "
    return f"{state}loss={chance.random():.4f}, lr=1e-5]" + ("\n" if done == 999 else "")


KINDS: dict[str, Line] = {
    "step lines": _steps, "a logger's lines": _logger, "Trainer dictionaries": _trainer, "steps and norms": _norms,
    "progress bars": _bar,
}  # fmt: skip


def lines(kind: str) -> Iterator[str]:
    """The lines of a log without end, always the same."""
    chance, n = random.Random(0), 0
    while True:
        n += 1
        yield KINDS[kind](n, chance)


def write_log(path: Path, kind: str, size: int) -> int:
    """Write a log of about so many bytes; returns how many it has."""
    written = 0
    with path.open("w", encoding="ascii") as file:
        for line in lines(kind):
            written += file.write(line)
            if written >= size:
                return written
    raise AssertionError  # a log without end has no end
