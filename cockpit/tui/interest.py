"""What a screen wants to see, so that nothing else is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

STEPS, NORMS, OUTPUT, PARAMETERS, CONFIG = "steps", "norms", "output", "parameters", "config"


NORM = "norm"
_USUAL_PHASES = {"step": "train", "eval": "valid"}


class Metric(NamedTuple):
    """One kind of value over steps: reported by a `step` or an `eval`, in a phase, under a name.

    The kind `norm` is a column of the norm table, and its phase is a parameter group.
    """

    kind: str
    phase: str
    name: str

    @property
    def title(self) -> str:
        """`loss` of training steps, `row_f1` of evaluations, and the phase as well where it is another one."""
        return self.name if _USUAL_PHASES.get(self.kind) == self.phase else f"{self.name} ({self.phase})"


class CurveKey(NamedTuple):
    """One metric of one trial. `experiment` is the name of its folder."""

    experiment: str
    trial: str
    metric: Metric


class Focus(NamedTuple):
    """The trial whose steps, norms and output are looked at."""

    experiment: str
    trial: str


@dataclass(frozen=True)
class Interest:
    """Everything that is on the screen, besides the list of experiments, which every snapshot has.

    `experiments` are folder names; `window` limits the curves to some steps; `panes` are those of the focused trial
    that can be seen; `rows` is how many of its newest steps, norms and lines of output. `summaries` are trials whose
    norms are looked at as a whole.
    """

    experiments: tuple[str, ...] = ()
    curves: frozenset[CurveKey] = frozenset()
    window: tuple[int, int] | None = None
    focus: Focus | None = None
    panes: frozenset[str] = frozenset()
    rows: int = 200
    diary: bool = False
    devices: bool = False
    summaries: frozenset[Focus] = frozenset()
