"""What one printed line says, before it is known where in the run it stands."""

from __future__ import annotations

from dataclasses import dataclass

Values = tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A line, understood.

    `form` names the format. `phase` is what the line says of itself, None when nothing. `step`, `total` and `epoch`
    are as printed; `from_one` says that the format counts epochs from 1. `kind` is `step` or `eval` where the format
    says which, and empty where the values have to tell. `training` marks values that nobody may take for an
    evaluation. No values: the line only says where the run stands.
    """

    form: str
    values: Values = ()
    phase: str | None = None
    step: int | None = None
    total: int | None = None
    epoch: int | None = None
    from_one: bool = False
    time: float | None = None
    kind: str = ""
    training: bool = False

    @property
    def place(self) -> tuple[str, str | None, int | None, int | None]:
        """The same for two states of one progress bar that say the same step."""
        return self.form, self.phase, self.epoch, self.step

    @property
    def is_last(self) -> bool:
        """Whether a bar has come to its end."""
        return self.total is not None and self.step is not None and self.step >= self.total
