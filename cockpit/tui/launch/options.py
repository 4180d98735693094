"""What can be said about a sweep beside its space, each a field of the screen and an option of `cockpit sweep`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from cockpit.engine.devices import CHOICES
from cockpit.events.text import one_line
from cockpit.search.consistency import ENGINES
from cockpit.search.duration import seconds_of
from cockpit.search.errors import Place
from cockpit.search.resources import parse_resources
from cockpit.search.spec import Search
from cockpit.search.values import whole
from cockpit.tui.launch.value_text import number_text, text_value

EPOCHS, DEVICE, DATA, BUDGET, QUEUE = "epochs", "device", "data", "budget", "queue"
OF_THE_RUN = (DEVICE, DATA, BUDGET, QUEUE)  # what no search file says
AT_ONCE, IN_TURN = "no", "yes"


@dataclass(frozen=True)
class Option:
    """`flag` is that of the command line, `key` that of a search file. `when_empty` is what an empty field means."""

    name: str
    label: str
    flag: str
    key: str
    when_empty: str = ""
    choices: tuple[str, ...] = ()


OPTIONS = (
    Option("trials", "trials", "--trials", "run_cap", "no end"),
    Option(EPOCHS, "epochs", "--epochs", "parameters.epochs", "trainer's"),
    Option("concurrent", "at once", "--concurrent", "concurrent", "as fit"),
    Option("engine", "engine", "--engine", "engine", choices=ENGINES),
    Option(DEVICE, "device", "--device", DEVICE, choices=CHOICES),
    Option("seed", "seed", "--seed", "seed", "0"),
    Option("cpus", "cores", "--cpus", "resources.cpu", "1"),
    Option("gpus", "GPUs", "--gpus", "resources.gpu", "if any"),
    Option(DATA, "data", "--data", DATA, "trainer's"),
    Option(BUDGET, "budget", "--budget", BUDGET, "no end"),
    Option(QUEUE, "queue", "--queue", QUEUE, choices=(AT_ONCE, IN_TURN)),
    Option("note", "note", "--note", "note", "the question, as it will stand in the diary"),
)
BY_NAME = {option.name: option for option in OPTIONS}


def option_texts(search: Search) -> dict[str, str]:
    """What stands in the fields for a search, by option; that of `epochs` belongs to its parameter."""
    return {
        "trials": "" if search.run_cap is None else str(search.run_cap),
        EPOCHS: "",
        "concurrent": "" if search.concurrent is None else str(search.concurrent),
        "engine": search.engine,
        DEVICE: CHOICES[0],
        "seed": str(search.seed),
        "cpus": number_text(search.resources.cpu),
        "gpus": number_text(search.resources.gpu) if search.resources.gpu else "",
        DATA: "",
        BUDGET: "",
        QUEUE: AT_ONCE,
        "note": one_line(search.note),
    }


def read_options(search: Search, texts: Mapping[str, str]) -> dict[str, Any]:
    """The attributes of `search` that these fields say. Raises `SearchError`."""
    place = Place(search.path)
    found: dict[str, Any] = {name: texts[name] for name in ("engine", "note") if name in texts}
    for name, empty in (("trials", None), ("concurrent", None), ("seed", 0)):
        if name in texts:
            key = BY_NAME[name].key
            found[key] = whole(place.at(key), text_value(texts[name])) if texts[name] else empty
    if texts.get(BUDGET):
        _check_budget(place.at(BUDGET), texts[BUDGET])
    parts = {name: BY_NAME[name].key.partition(".")[2] for name in ("cpus", "gpus") if name in texts}
    if parts:
        given = {part: text_value(texts[name]) for name, part in parts.items() if texts[name]}
        amounts = parse_resources(place.at("resources"), given)
        found["resources"] = replace(search.resources, **{part: getattr(amounts, part) for part in parts.values()})
    return found


def _check_budget(place: Place, text: str) -> None:
    try:
        seconds_of(text)
    except ValueError as error:
        raise place.error(str(error)) from None
