"""The processes that train one model together: one alone, as far as this module goes. Loads no torch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from trainers.contract import Command, InputError

if TYPE_CHECKING:
    from torch import nn

Result = TypeVar("Result")
Item = TypeVar("Item")


class Team:
    """One process that trains by itself: nothing has to be agreed upon, and nothing here costs anything.

    `trainers.devices.group.Group` does the same for several processes.
    """

    rank = 0
    size = 1

    def same_start(self, model: nn.Module) -> None:
        """All processes begin with the weights of the first. The gradients of this model are averaged from then on."""

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Around all but the last of several backward passes of one step, whose gradients are added up."""
        yield

    def average(self, model: nn.Module) -> None:
        """After the backward pass: gradients become their mean over the processes, buffers those of the first.

        A parameter that a process did not use counts as one with a gradient of 0 there. Those that nobody uses in the
        first step are to be used by all in a later one, or by nobody: see `check_same`.
        """

    def check_same(self, model: nn.Module) -> None:
        """Raises `RuntimeError` where processes have come to have different weights, naming some of them."""

    def mean(self, values: list[float]) -> list[float]:
        """Each value's mean over the processes."""
        return values

    def once(self, work: Callable[[], Result]) -> Result:
        """Has the first process alone do the work, while the others wait for its result: plain values or tensors."""
        return work()

    def share(self, whole: Sequence[Item]) -> Sequence[Item]:
        """What is this process's to do: every so manieth of the whole, beginning with that of its rank."""
        return whole[self.rank :: self.size]

    def gather(self, value: Any) -> list[Any]:
        """Every process's value, in the order of ranks: plain values or tensors."""
        return [value]

    def agree(self, command: Command | None) -> Command | None:
        """What the first process was told is what all do. Call it at every event, in all processes."""
        return command

    @contextmanager
    def together(self) -> Iterator[None]:
        """Around a training generator: when the first process's is closed, those of the others end too."""
        yield

    def close(self) -> None:
        """Leaves the others. The process needs no team any more."""


@dataclass(frozen=True)
class Place:
    """Which of how many processes this one is, in the words of torchrun."""

    rank: int
    local_rank: int
    size: int
    host: str
    port: int


def place(environment: Mapping[str, str]) -> Place | None:
    """This process's place among several, or None where it is alone. Raises `InputError` for half a description."""
    names = ("RANK", "LOCAL_RANK", "WORLD_SIZE", "MASTER_PORT")
    if environment.get("WORLD_SIZE", "1").strip() in ("", "1"):
        return None
    try:
        rank, local_rank, size, port = (int(environment[name]) for name in names)
        return Place(rank, local_rank, size, environment["MASTER_ADDR"], port)
    except (KeyError, ValueError) as error:
        raise InputError(
            f"WORLD_SIZE is {environment['WORLD_SIZE']}, but {', '.join(names)} and MASTER_ADDR are not all given "
            f"({error}); start the processes with torchrun, or unset WORLD_SIZE"
        ) from error
