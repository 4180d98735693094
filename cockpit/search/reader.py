"""Search files: YAML in the W&B sweep schema with a few keys more. Loading one never runs anything of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

from cockpit.search.command import takes_parameters
from cockpit.search.confirm import parse_confirm
from cockpit.search.consistency import ENGINES, METHODS, SAMPLERS, SCHEDULERS
from cockpit.search.early import DEFAULTS, EarlyTerminate, parse_early
from cockpit.search.errors import Place, SearchError, listed, shown
from cockpit.search.metric import GOALS, IMPUTE, IMPUTE_RUNNING, Goal, Metric
from cockpit.search.nesting import paths_in
from cockpit.search.pbt import Pbt, parse_pbt
from cockpit.search.resources import parse_resources
from cockpit.search.space import Distribution
from cockpit.search.space.parse import parse_parameters
from cockpit.search.spec import Search
from cockpit.search.values import flag, mapping, number, one_of, only, plain, sequence, text, whole
from cockpit.search.yaml_text import parse

WANDB_ONLY = ("apiVersion", "kind", "controller", "entity", "project", "job", "image_uri")


def load(path: str | Path) -> Search:
    """The search in a file. Raises `SearchError`, also when the file cannot be read."""
    path = Path(path)
    try:
        content = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise SearchError(f"not UTF-8 text (byte {error.start})", path) from error
    except OSError as error:
        raise SearchError(f"cannot be read: {error.strerror or error}", path) from error
    return loads(content, path)


def loads(content: str, path: str | Path = "search.yaml") -> Search:
    """The search in a text; `path` stands in messages, and its stem is the name unless there is one."""
    path = Path(path)
    data, lines = parse(content, path)
    place = Place(path, lines)
    body = mapping(place, data)
    only(place, body, (*_READERS, *_SPECIAL, *WANDB_ONLY))
    for key in ("method", "parameters"):
        if body.get(key) is None:
            raise place.at(key).error(f"missing; {_REQUIRED[key]}")
    given = {key: read(place.at(key), body[key]) for key, read in _READERS.items() if body.get(key) is not None}
    space, places = _parameters(place.at("parameters"), body["parameters"], given)
    # The same parameter under its dotted name, which later checks speak of.
    known = dict(lines) | {f"parameters.{name}": lines.get(at.key, 0) for name, at in places.items()}
    given.setdefault("name", path.stem)
    if "metrics" in given:
        if "metric" in given:
            raise place.at("metric").error("excludes metrics, the first of which ranks trials; keep one of them")
        given["metric"] = given["metrics"][0]
    given.setdefault("sampler", "nsga2" if _is_weighed(given) else SAMPLERS[given["method"]][0])
    given["scheduler"], given["early_terminate"] = _stopping(place, body)
    given["pbt"] = Pbt() if given["scheduler"] == "pbt" and "pbt" not in given else given.get("pbt")
    given["note"] = _note(place, body)
    nested = paths_in(body["parameters"])
    return Search(path=path, lines=known, space=space, nested=nested, ignored=_ignored(place, body), **given)


def _parameters(
    place: Place, data: object, given: Mapping[str, Any]
) -> tuple[dict[str, Distribution], dict[str, Place]]:
    """The space. Only a command that takes no parameters can do without: `cockpit run` records one like that."""
    if data == {} and "command" in given and not takes_parameters(given["command"]):
        return {}, {}
    return parse_parameters(place, data)


def _is_weighed(given: Mapping[str, Any]) -> bool:
    """Whether a sampler has several metrics to weigh."""
    return given["method"] == "bayes" and "metrics" in given


def _method(place: Place, value: object) -> str:
    if value == "custom":
        raise place.error(f"custom needs a W&B server; allowed: {listed(METHODS)}")
    return one_of(place, value, METHODS)


def _metric(place: Place, value: object) -> Metric:
    if isinstance(value, str):
        raise place.error(f"a text is not enough; write metric: {{name: {value}, goal: maximize or minimize}}")
    body = mapping(place, value)
    only(place, body, ("name", "goal", "target", "impute", "impute_while_running"))
    if "name" not in body:
        raise place.at("name").error("missing; name what the trainer reports")
    goal = one_of(place.at("goal"), body.get("goal", "minimize"), GOALS)
    running = body.get("impute_while_running", "false")
    return Metric(
        name=text(place.at("name"), body["name"]),
        goal=cast(Goal, goal),
        target=None if body.get("target") is None else float(number(place.at("target"), body["target"])),
        impute=one_of(place.at("impute"), body["impute"], IMPUTE) if "impute" in body else None,
        # Without quotes YAML makes a bool of the word.
        impute_while_running=one_of(
            place.at("impute_while_running"), "false" if running is False else running, IMPUTE_RUNNING
        ),
    )


def _stopping(place: Place, body: Mapping[str, Any]) -> tuple[str, EarlyTerminate | None]:
    """`scheduler` and `early_terminate` made whole from each other."""
    scheduler, early = body.get("scheduler"), body.get("early_terminate")
    if isinstance(scheduler, Mapping):
        raise place.at("scheduler").error(f"W&B's scheduler mapping is not supported; name one: {listed(SCHEDULERS)}")
    rule = None if early is None else parse_early(place.at("early_terminate"), early)
    if scheduler is None and rule is None and body.get("pbt") is not None:
        return "pbt", None
    if scheduler is None:
        return ("none" if rule is None else rule.type), rule
    name = one_of(place.at("scheduler"), scheduler, SCHEDULERS)
    return name, rule or DEFAULTS.get(name)


def _note(place: Place, body: Mapping[str, Any]) -> str:
    """The question: `note`, or W&B's `description`, or one after the other."""
    parts = [text(place.at(key), body[key]) for key in ("note", "description") if body.get(key) is not None]
    return "\n\n".join(parts)


def _ignored(place: Place, body: Mapping[str, Any]) -> dict[str, Any]:
    if "kind" in body and body["kind"] != "sweep":
        raise place.at("kind").error(f"{shown(body['kind'])} is not known; allowed: sweep")
    if body.get("controller") is not None:
        at = place.at("controller")
        one_of(at.at("type"), mapping(at, body["controller"]).get("type"), ("local", "cloud"))
    return {key: body[key] for key in WANDB_ONLY if key in body}


def _baseline(place: Place, value: object) -> dict[str, Any]:
    """Nested mappings are flattened to dotted names, as parameters are."""
    flat: dict[str, Any] = {}
    for key, item in mapping(place, value).items():
        if isinstance(item, Mapping) and item:
            flat |= {f"{key}.{name}": inner for name, inner in _baseline(place.at(key), item).items()}
        else:
            flat[key] = plain(place.at(key), item)
    return flat


def _command(place: Place, value: object) -> tuple[str, ...] | None:
    if value == []:
        return None  # the default one, as in W&B
    return tuple(_token(place.at(number), token) for number, token in enumerate(sequence(place, value)))


def _token(place: Place, value: object) -> str:
    if not isinstance(value, str | int | float):
        raise place.error(f"{shown(value)} is not a word of a command; put it in quotes")
    return str(value)


def _pattern(place: Place, value: object) -> str:
    text(place, value)
    return str(value)  # blanks at its ends are a part of it


def _engine(place: Place, value: object) -> str:
    return one_of(place, value, ENGINES)


def _sampler(place: Place, value: object) -> str:
    return one_of(place, value, [name for names in SAMPLERS.values() for name in names])


def _float(place: Place, value: object) -> float:
    return float(number(place, value))


def _metrics(place: Place, value: object) -> tuple[Metric, ...]:
    return tuple(_metric(place.at(number), item) for number, item in enumerate(sequence(place, value)))


def _initial(place: Place, value: object) -> tuple[dict[str, Any], ...]:
    return tuple(_baseline(place.at(number), item) for number, item in enumerate(sequence(place, value)))


_READERS: dict[str, Callable[[Place, Any], Any]] = {
    "name": text,
    "expected": text,
    "trainer": text,
    "program": text,
    "command": _command,
    "directory": text,
    "pattern": _pattern,
    "method": _method,
    "metric": _metric,
    "metrics": _metrics,
    "baseline": _baseline,
    "initial": _initial,
    "run_cap": whole,
    "engine": _engine,
    "sampler": _sampler,
    "floor": _float,
    "patience": whole,
    "pbt": parse_pbt,
    "resources": parse_resources,
    "concurrent": whole,
    "seed": whole,
    "seeds": whole,
    "confirm": parse_confirm,
    "max_failures": whole,
    "check": flag,
}
_SPECIAL = ("parameters", "scheduler", "early_terminate", "note", "description")
_REQUIRED = {
    "method": f"allowed: {listed(METHODS)}",
    "parameters": "name what to try, e.g. parameters: {lr: {min: 0.0001, max: 0.01}}",
}
