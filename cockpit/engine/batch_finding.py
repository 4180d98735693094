"""The largest batch that fits: sizes are doubled until one does not, and the place between is halved."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import psutil

from cockpit.engine.subject import Subject
from cockpit.engine.trainer_child import ChildDiedError, start
from cockpit.events.text import one_line
from cockpit.store.machine.cgroup import ControlGroup
from trainers import registry
from trainers.contract import InputError

MODULE = "trainers.batch_size"
NEAR = 16  # a size that is off by less than this part of it is near enough: more tries would only cost time
ALIKE = 0.95  # of the best speed; whoever has several sizes that are about as fast takes the smallest
RESERVE = 0.9  # of the free memory of the host, the rest of which others may need meanwhile


@dataclass(frozen=True)
class Try:
    """One size that was tried: the `rows` a second where it `fits`, else `why` not; `memory` where that ran out."""

    size: int
    fits: bool
    seconds: float | None = None
    memory: bool = False
    why: str = ""
    device: str = ""

    @property
    def rows(self) -> float | None:
        """Rows a second."""
        return None if self.seconds is None else self.size / max(self.seconds, 1e-9)

    @property
    def reason(self) -> str:
        """Why it does not fit, without the advice that a trainer has for who chose the size."""
        return self.why.partition("; ")[0].removeprefix(f"batch_size = {self.size} is ")


@dataclass(frozen=True)
class Found:
    """All tries by size, and whether `most` ended them."""

    tries: tuple[Try, ...]
    most: int

    @property
    def largest(self) -> Try | None:
        """The largest size that fits."""
        return max((one for one in self.tries if one.fits), key=lambda one: one.size, default=None)

    @property
    def refused(self) -> Try | None:
        """The smallest size that does not fit."""
        return min((one for one in self.tries if not one.fits), key=lambda one: one.size, default=None)

    @property
    def fastest(self) -> Try | None:
        """The smallest of the sizes that are about as fast as the fastest."""
        speeds = {one.size: one.rows for one in self.tries if one.rows is not None}
        alike = [one for one in self.tries if (one.rows or 0.0) >= ALIKE * max(speeds.values(), default=0.0) > 0]
        return min(alike, key=lambda one: one.size, default=None)

    @property
    def text(self) -> str:
        """What was found, in one sentence."""
        largest, refused, fastest = self.largest, self.refused, self.fastest
        if largest is None or fastest is None:
            return f"no batch_size fits, not even {refused.size}: {refused.reason}" if refused else "none was tried"
        ended = "the most to be tried" if refused is None else f"{refused.size}: {refused.reason}"
        speed = f"; no size is much faster than {fastest.size}" if fastest.size < largest.size else ", and the fastest"
        return f"batch_size {largest.size} is the largest that fits ({ended}){speed}"


# Tries sizes in their order until one does not fit.
Tries = Callable[[Sequence[int]], Iterator[Try]]


def find_batch(
    tries: Tries, start: int, most: int, tell: Callable[[Try], object] = lambda _: None, least: int = 1
) -> Found:
    """Tries `start`, twice that and so on up to `most`; then halves what lies between a size that fits and one not.

    Nothing below `least` is tried.
    """
    known: list[Try] = []

    def fits(sizes: Sequence[int]) -> bool:
        for found in tries(sizes):
            known.append(found)
            tell(found)
        return known[-1].fits

    if not fits(_doubled(start, most)) and known[-1].memory:
        fitting = known[-2].size if len(known) > 1 else least - 1
        refused = known[-1].size
        while refused - fitting > max(1, fitting // NEAR):
            middle = (fitting + refused) // 2
            fitting, refused = (middle, refused) if fits([middle]) else (fitting, middle)
    return Found(tuple(sorted(known, key=lambda one: one.size)), most)


def _doubled(start: int, most: int) -> list[int]:
    sizes = [min(start, most)]
    while sizes[-1] < most:
        sizes.append(min(2 * sizes[-1], most))
    return sizes


def bounds(subject: Subject, most: int | None) -> tuple[int, int]:
    """The least and the most that `batch_size` may be. Raises `InputError` for a trainer without."""
    info = registry.fields(registry.find(subject.trainer)).get("batch_size")
    if info is None:
        raise InputError(f"{subject.trainer} has no batch_size that could be looked for")
    least, allowed = int(info.low or 1), int(info.high or 1 << 20)
    wanted = allowed if most is None else most
    if not least <= wanted <= allowed:
        raise InputError(f"--most {wanted}: batch_size of {subject.trainer} goes from {least} to {allowed}")
    return least, wanted


def tries_of(request: Mapping[str, Any]) -> Tries:
    """Tries sizes in processes of their own. A process that dies without a word has not had enough memory."""

    def tries(sizes: Sequence[int]) -> Iterator[Try]:
        with closing(_answers({**request, "sizes": list(sizes)})) as answers:
            done = 0
            try:
                for answer in answers:
                    done += 1
                    yield Try(**answer)
            except _KilledError as error:
                yield Try(sizes[done], False, memory=True, why=str(error))

    return tries


class _KilledError(Exception):
    """The process was ended from outside: by the kernel, when memory is out."""


def _answers(request: Mapping[str, Any]) -> Generator[dict[str, Any]]:
    with start(MODULE) as child:
        try:
            assert child.stdin is not None and child.stdout is not None and child.stderr is not None
            child.stdin.write(json.dumps(request))
            child.stdin.close()
            for line in child.stdout:
                yield json.loads(line)
            said = child.stderr.read().strip().splitlines()
            _judge(child.wait(), said[-1] if said else "")
        finally:
            child.kill()


def _judge(code: int, last: str) -> None:
    if code == -signal.SIGKILL:
        raise _KilledError("the system ended it: no memory left")
    if code == -signal.SIGABRT or "bad_alloc" in last:  # libraries of C++ end so where they get no memory
        raise _KilledError("a library ended it: no memory left")
    if code:
        kind = InputError if last.startswith("batch_size: ") else ChildDiedError
        raise kind(one_line(last or f"it ended with {code}", 300).removeprefix("batch_size: "))


def free_memory() -> int:
    """Bytes of the host that a new process may take, as far as the machine and this control group let it."""
    group = ControlGroup()
    limit, used = group.memory_limit(), group.memory_used()
    free = psutil.virtual_memory().available
    if limit is not None and used is not None:
        free = min(free, limit - used)
    return max(0, int(RESERVE * free))


def coupling(subject: Subject) -> str:
    """What a change of batch_size does to the learning rate, in one sentence."""
    trainer = registry.find(subject.trainer)
    config = registry.build_config(trainer, subject.config)
    rule = getattr(config, "lr_scaling", "none")
    if rule in ("linear", "sqrt"):
        given = getattr(config, "lr_batch", None) or type(config).batch_size  # type: ignore[attr-defined]
        how = "as" if rule == "linear" else "as the square root of"
        return f"lr_scaling {rule}: rates grow {how} the rows of a step, and are given for {given}"
    return "the learning rate does not follow the batch: look for it again with `cockpit find-lr` once it is chosen"
