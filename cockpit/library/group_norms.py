"""Norms of torch tensors around one step of an optimizer, brought to the host in one copy and written as events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from cockpit.events.kinds import Norms
from cockpit.events.text import one_line
from trainers.norm_names import parameter_names, rows_of
from trainers.norm_sample import Sample
from trainers.norm_summary import summary
from trainers.tensor_norms import Measurement, is_measured

__all__ = ["Table", "parameter_names", "table_of"]

Named = Sequence[tuple[str, Tensor]]
LONGEST_NAME = 100


class Table:
    """Norms of the tensors of some rows as they are now; then of their gradients, and of updates, if asked for.

    Each tensor has a name. What each number means is told by
    `trainers.grad_norms` and `trainers.tensor_norms`. Nothing waits for the device before `events`. `sample` may be
    that of an earlier table of the same tensors.
    """

    def __init__(self, rows: Mapping[str, Named], sample: Sample | None = None) -> None:
        measured = {name: [each for each in row if is_measured(each[1])] for name, row in rows.items()}
        self._rows = {name: row for name, row in measured.items() if row}
        tensors = [[tensor for _, tensor in row] for row in self._rows.values()]
        self._measurement = Measurement(tensors, sample) if tensors else None
        self._values: list[Tensor] = []
        if self._measurement:
            self._measurement.begin()

    @property
    def sample(self) -> Sample | None:
        """What a later table of the same tensors need not find out again."""
        return self._measurement.sample if self._measurement else None

    def gradients(self) -> None:
        """Call it between `backward` and `zero_grad`, and before `events`."""
        if self._measurement:
            self._measurement.gradients()

    def updates(self) -> None:
        """Call it when the optimizer has taken its step."""
        if self._measurement:
            self._values = self._measurement.updates()

    def events(self, step: int) -> list[Norms]:
        """One event for each row. What was not measured is NaN."""
        if self._measurement is None:
            return []
        values = self._values or self._measurement.values()
        # Device sync: the only one.
        found = self._measurement.read(torch.cat([value.reshape(-1) for value in values]).tolist())
        return [
            Norms.of(
                step, summary(name, [each for each, _ in row], [tensor.requires_grad for _, tensor in row], values)
            )
            for (name, row), values in zip(self._rows.items(), found, strict=True)
        ]


def table_of(groups: Mapping[str, Sequence[Tensor]], known: Mapping[int, str], of: str, sample: Sample | None) -> Table:
    """The table of an optimizer's parameter groups, or of what `of` makes of the `known` names of their tensors.

    Raises `trainers.contract.InputError` where `of` has an expression that is none.
    """
    rows: dict[str, Named] = {
        group: [(one_line(known.get(id(each), f"{group}[{at}]"), LONGEST_NAME), each) for at, each in enumerate(row)]
        for group, row in groups.items()
    }
    if of:
        every = [each for row in rows.values() for each in row]
        places = rows_of([name for name, _ in every], of)
        rows = {one_line(row, LONGEST_NAME): [every[at] for at in found] for row, found in places.items()}
    return Table(rows, sample)
