"""What is wrong with a draft, and where on the screen."""

from __future__ import annotations

import re
from typing import NamedTuple

from cockpit.search.errors import SearchError
from cockpit.tui.launch.draft import Draft
from cockpit.tui.launch.options import BY_NAME, DATA, DEVICE, EPOCHS, OPTIONS
from cockpit.tui.launch.parameter import BASELINE, DISTRIBUTION

_PLACE = re.compile(r"^\S.*?\.ya?ml(?::\d+)?: ")
_KEY = re.compile(r"^(?P<key>[A-Za-z_][\w.-]*): (?P<problem>.+)$")
_FLAG = re.compile(r"(?:^|[\s'\"])(?P<flag>--[a-z]+)")
_SETTING = re.compile(r"^(?P<name>[A-Za-z_][\w.-]*) = ")
_OPTION_KEYS = {option.key: option.name for option in OPTIONS} | {"resources": "cpus", "description": "note"}


class Spot(NamedTuple):
    """A cell of the space, a field beside it, or, for what stands in both, the two of them."""

    parameter: str = ""
    cell: str = ""
    option: str = ""


class Problem(NamedTuple):
    """One line, and the spot that it is about; None for what has to be mended elsewhere."""

    text: str
    spot: Spot | None = None


def problem_of(error: SearchError, draft: Draft) -> Problem:
    """The problem that a check in this process found."""
    spot = spot_of(error.key, draft)
    return Problem(str(error) if spot is None else error.problem, spot)


def problem_in(message: str, draft: Draft) -> Problem:
    """The problem that another process told in its one line of complaint."""
    text = _PLACE.sub("", message)
    if found := _KEY.match(text):
        spot = spot_of(found["key"], draft)
        if spot is not None:
            return Problem(found["problem"], spot)
    return Problem(message if text == message else text, _spot_named_in(text, draft))


def spot_of(key: str, draft: Draft) -> Spot | None:
    """Where the key of a search file stands on the screen; None where it does not."""
    part, _, rest = key.partition(".")
    if part == "baseline" and draft.parameter(rest) is not None:
        return Spot(rest, BASELINE)
    if part == "parameters":
        for row in sorted(draft.parameters, key=lambda row: -len(row.name)):
            if rest == row.name or rest.startswith(f"{row.name}."):
                cell = rest[len(row.name) + 1 :]
                option = EPOCHS if row.name == EPOCHS and row.is_fixed else ""
                return Spot(row.name, cell if cell in row.cells else _main_cell(row.cells, cell), option)
    return Spot(option=_OPTION_KEYS[key]) if key in _OPTION_KEYS else None


def _main_cell(cells: tuple[str, ...], wanted: str) -> str:
    """The cell for what is said of a parameter as a whole, or of a part that has no cell."""
    return cells[1] if len(cells) == 2 or wanted else DISTRIBUTION


def _spot_named_in(text: str, draft: Draft) -> Spot | None:
    """What is complained of without a key: a flag, a device, or a setting of the trainer."""
    if found := _FLAG.search(text):
        names = [option.name for option in OPTIONS if option.flag == found["flag"]]
        if names:
            return spot_of(BY_NAME[names[0]].key, draft)
    if text.startswith(("device ", "unknown device")):
        return Spot(option=DEVICE)
    if (found := _SETTING.match(text)) and draft.parameter(found["name"]) is not None:
        return spot_of(f"parameters.{found['name']}.value", draft)
    folder = draft.option(DATA).strip()
    return Spot(option=DATA) if folder and folder in text else None
