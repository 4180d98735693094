"""One row of the space while it is being changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from cockpit.search.errors import Place
from cockpit.search.space import Distribution, Value
from cockpit.tui.launch.convert import fill, fitting
from cockpit.tui.launch.kinds import KINDS, read_distribution, texts_of
from cockpit.tui.launch.value_text import value_text

DISTRIBUTION, BASELINE = "distribution", "baseline"  # cells that every row has, beside the keys of its kind
CONSTANT = "constant"


@dataclass(frozen=True)
class Parameter:
    """A parameter as texts. `texts` also keeps what stood in the cells of kinds that it was before.

    `was` is the kind that it had before it was fixed.
    """

    name: str
    kind: str
    texts: Mapping[str, str]
    baseline: str = ""
    was: str = field(default="", compare=False)

    @classmethod
    def of(cls, name: str, found: Distribution, baseline: Mapping[str, Value]) -> Parameter:
        """The row of a distribution; `baseline` is that of the whole search."""
        text = value_text(baseline[name]) if name in baseline else ""
        return cls(name, found.kind, texts_of(found), text)

    @property
    def is_fixed(self) -> bool:
        return self.kind == CONSTANT

    @property
    def cells(self) -> tuple[str, ...]:
        """The cells that can be changed, from left to right. What is fixed is fixed for the baseline, too."""
        return (DISTRIBUTION, *KINDS[self.kind].keys, *(() if self.is_fixed else (BASELINE,)))

    def cell(self, key: str) -> str:
        """The text of a cell."""
        if key == DISTRIBUTION:
            return KINDS[self.kind].label
        return self.baseline if key == BASELINE else self.texts.get(key, "")

    def with_cell(self, key: str, text: str) -> Parameter:
        """Another text in a cell, the distribution's not among them."""
        return replace(self, baseline=text) if key == BASELINE else replace(self, texts={**self.texts, key: text})

    def with_kind(self, kind: str) -> Parameter:
        """Another distribution; cells that it needs are filled from those that are there."""
        return replace(self, kind=kind, texts=fill(kind, self.kind, self.texts, self.baseline))

    def next_kind(self, known: str = "") -> Parameter:
        """The distribution after this one among those that fit; `known` fits in any case."""
        kinds = fitting(self.kind, self.texts, known)
        return self.with_kind(kinds[(kinds.index(self.kind) + 1) % len(kinds)])

    def fixed(self) -> Parameter:
        """The same with one value for all trials: the baseline's, if there is one."""
        return replace(self.with_kind(CONSTANT), was=self.kind)

    def freed(self) -> Parameter:
        """The same, varied again: as before, or over a range around its value."""
        kinds = fitting(self.kind, self.texts, "")
        wished = ("int_uniform", "log_uniform_values", "uniform", "categorical")
        kind = self.was or next(kind for kind in wished if kind in kinds)
        return self.with_kind(kind)

    def read(self, place: Place) -> Distribution:
        """What the texts say. Raises `SearchError`."""
        return read_distribution(place, self.kind, self.texts)
