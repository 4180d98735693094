"""A search on its way to a sweep: what was read from its file, and what has been changed since."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from cockpit.search.errors import Place, SearchError
from cockpit.search.space import Constant, Value
from cockpit.search.space.parse import NAME
from cockpit.search.spec import Search
from cockpit.search.values import number
from cockpit.tui.launch.options import EPOCHS, option_texts, read_options
from cockpit.tui.launch.parameter import Parameter
from cockpit.tui.launch.value_text import text_value


@dataclass(frozen=True)
class Draft:
    """A search as texts in cells and fields, which may be wrong in any way; `search` says what they mean.

    `call` is what `cockpit sweep` has to be told to find the search as it was: a name, or a path. Every change gives a
    new draft.
    """

    call: str
    original: Search
    parameters: tuple[Parameter, ...]
    options: Mapping[str, str]

    @classmethod
    def of(cls, call: str, search: Search) -> Draft:
        """A search as it was read."""
        parameters = tuple(Parameter.of(name, found, search.baseline) for name, found in search.space.items())
        return cls(call, search, parameters, option_texts(search))

    # What stands there

    @cached_property
    def untouched(self) -> Draft:
        """The same search without any change."""
        return Draft.of(self.call, self.original)

    def parameter(self, name: str) -> Parameter | None:
        return next((parameter for parameter in self.parameters if parameter.name == name), None)

    def option(self, name: str) -> str:
        """The text of a field. That of `epochs` is the value of the parameter, as long as it is fixed."""
        epochs = self.parameter(EPOCHS) if name == EPOCHS else None
        if epochs is None:
            return self.options[name]
        return epochs.cell("value") if epochs.is_fixed else ""

    def is_cell_changed(self, name: str, key: str) -> bool:
        """Whether a cell says something else than the file."""
        parameter, before = self.parameter(name), self.untouched.parameter(name)
        if parameter is None or before is None:
            return True
        return key not in before.cells or parameter.cell(key).strip() != before.cell(key).strip()

    def is_option_changed(self, name: str) -> bool:
        """Whether a field says something else than the file."""
        return self.option(name).strip() != self.untouched.option(name).strip()

    @property
    def changed_options(self) -> tuple[str, ...]:
        return tuple(name for name in self.options if self.is_option_changed(name))

    @property
    def is_changed(self) -> bool:
        """Whether anything differs from the file."""
        names = [parameter.name for parameter in self.parameters]
        if self.changed_options or names != [parameter.name for parameter in self.untouched.parameters]:
            return True
        return any(self.is_cell_changed(row.name, key) for row in self.parameters for key in row.cells)

    # Changes

    def with_cell(self, name: str, key: str, text: str) -> Draft:
        """Another text in a cell of the space."""
        return self._with(name, lambda row: row.with_cell(key, text))

    def with_next_kind(self, name: str) -> Draft:
        """The next distribution that fits a parameter."""
        before = self.untouched.parameter(name)
        return self._with(name, lambda row: row.next_kind(before.kind if before else ""))

    def with_fixed(self, name: str) -> Draft:
        """A parameter with one value for all trials."""
        return self._with(name, Parameter.fixed)

    def with_freed(self, name: str) -> Draft:
        """A parameter that varies again."""
        return self._with(name, Parameter.freed)

    def with_option(self, name: str, text: str) -> Draft:
        """Another text in a field."""
        if name == EPOCHS and self.parameter(EPOCHS) is not None:
            return self.with_value(EPOCHS, text)
        return replace(self, options={**self.options, name: text})

    def with_added(self, name: str, value: str) -> Draft:
        """One parameter more, fixed at a value. Raises `SearchError` for a name that cannot be one."""
        if not NAME.fullmatch(name):
            raise SearchError(f"{name!r} is no name; use letters, digits, _ . and -, a letter or _ first")
        if self.parameter(name) is not None:
            raise SearchError(f"{name} is there already")
        return replace(self, parameters=(*self.parameters, Parameter(name, "constant", {"value": value})))

    def with_value(self, name: str, value: str) -> Draft:
        """A parameter with this one value for all trials, whether it was there or not."""
        if self.parameter(name) is None:
            return self.with_added(name, value)
        return self._with(name, lambda row: (row if row.is_fixed else row.fixed()).with_cell("value", value))

    def without(self, name: str) -> Draft:
        """The parameter left to the trainer."""
        return replace(self, parameters=tuple(row for row in self.parameters if row.name != name))

    def _with(self, name: str, change: Callable[[Parameter], Parameter]) -> Draft:
        return replace(
            self, parameters=tuple(self._changed(row, change) if row.name == name else row for row in self.parameters)
        )

    def _changed(self, row: Parameter, change: Callable[[Parameter], Parameter]) -> Parameter:
        """Where there is a baseline, it needs a value for what begins to vary: the one that was fixed."""
        changed = change(row)
        begins = row.is_fixed and not changed.is_fixed and not changed.baseline
        return replace(changed, baseline=row.cell("value")) if begins and self.original.baseline else changed

    # What it means

    def search(self) -> Search:
        """The search that these texts say. Raises `SearchError` at the key of the first that is wrong."""
        place = Place(self.original.path)
        space = {row.name: row.read(place.at("parameters").at(row.name)) for row in self.parameters}
        epochs = self.options[EPOCHS].strip()
        if epochs and EPOCHS not in space:
            space[EPOCHS] = Constant(number(place.at("parameters").at(EPOCHS), text_value(epochs)))
        texts = {name: self.options[name].strip() for name in self.changed_options if name != EPOCHS}
        options = read_options(self.original, texts)
        return replace(self.original, space=space, baseline=self._baseline(space), **options)

    def _baseline(self, space: Mapping[str, object]) -> dict[str, Value]:
        """The baseline's values; of what is fixed those that its file wrote out as well."""
        found: dict[str, Value] = {}
        for row in self.parameters:
            fixed = space[row.name]
            if isinstance(fixed, Constant):
                if row.name in self.original.baseline:
                    found[row.name] = fixed.value
            elif text := row.baseline.strip():
                found[row.name] = text_value(text)
        return found
