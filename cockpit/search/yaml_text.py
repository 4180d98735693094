"""YAML to plain data and back, with the line of every key. Nothing in a file is ever executed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from cockpit.search.errors import Place, SearchError
from cockpit.search.values import NUMBER

# Far above any search. Aliases can make a small file expand without end.
MOST_KEYS = 20_000

TEXT_TAGS = ("tag:yaml.org,2002:str", "tag:yaml.org,2002:merge")


class _Loader(yaml.SafeLoader):
    """Safe YAML in which 1e-4 is a number and a date is the text that was written."""


class _Dumper(yaml.SafeDumper):
    """Writes what `_Loader` reads back as the same data."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


for _class in (_Loader, _Dumper):
    _class.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    _class.add_implicit_resolver("tag:yaml.org,2002:float", NUMBER, list("-+.0123456789"))


def parse(text: str, path: Path) -> tuple[Any, dict[str, int]]:
    """The data of a YAML document, and the line (from 1) of every dotted key. Raises `SearchError`."""
    loader = None
    try:
        # A character that YAML forbids is found here already, before there is a tree.
        loader = _Loader(text)
        root = loader.get_single_node()
        if root is None:
            raise SearchError("the file is empty; a search needs at least method and parameters", path, 1)
        _check_keys(root, Place(path), set())
        data = loader.construct_document(root)
        lines = {"": root.start_mark.line + 1}
        _collect_lines(root, "", lines, path)
        return data, lines
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        column = "" if mark is None else f" (column {mark.column + 1})"
        problem = " ".join((error.problem or error.context or "cannot be read").split())
        raise SearchError(f"not valid YAML: {problem}{column}", path, mark.line + 1 if mark else None) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, int(error.position)) + 1
        raise SearchError(
            f"not valid YAML: the character U+{error.character:04X} is not allowed", path, line
        ) from error
    except RecursionError as error:
        raise SearchError("not usable YAML: nested too deeply", path) from error
    except ValueError as error:
        # A tag that does not fit its value, or more digits than Python reads.
        raise SearchError(f"not usable YAML: {' '.join(str(error).split())}", path) from error
    finally:
        if loader is not None:
            loader.dispose()


def scalar(text: str) -> Any:
    """One value as a search file would read it: `5` is an int, `1e-4` a float, `[1, 2]` a list, `abc` a text.

    What is no valid YAML is text as it stands.
    """
    try:
        data, _ = parse(text, Path("value"))
    except SearchError:
        return text
    return text if isinstance(data, dict) else data


def render(data: Any) -> str:
    """Data as YAML in block style, keys in the order given."""
    rendered: str = yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
    return rendered


def _check_keys(node: yaml.Node, place: Place, seen: set[int]) -> None:
    if id(node) in seen:
        return
    seen.add(id(node))
    children: list[tuple[Place, yaml.Node]] = []
    if isinstance(node, yaml.SequenceNode):
        children = [(place, item) for item in node.value]
    elif isinstance(node, yaml.MappingNode):
        names: dict[str, int] = {}
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else "?"
            line = key.start_mark.line + 1
            if key.tag not in TEXT_TAGS:
                problem = "YAML does not read this key as text; put it in quotes"
                raise SearchError(problem, place.path, line, place.at(name).key)
            if name in names and name != "<<":
                problem = f"the key stands here twice, first in line {names[name]}; remove one"
                raise SearchError(problem, place.path, line, place.at(name).key)
            names[name] = line
            children.append((place.at(name), value))
    for child_place, child in children:
        _check_keys(child, child_place, seen)


def _collect_lines(node: yaml.Node, prefix: str, lines: dict[str, int], path: Path) -> None:
    """Runs after construction, which has put the keys of merged (`<<`) mappings in place."""
    if len(lines) > MOST_KEYS:
        raise SearchError(f"the file has more than {MOST_KEYS} keys", path)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            name = f"{prefix}.{key.value}" if prefix else str(key.value)
            lines[name] = key.start_mark.line + 1
            _collect_lines(value, name, lines, path)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            lines[f"{prefix}.{index}"] = item.start_mark.line + 1
            _collect_lines(item, f"{prefix}.{index}", lines, path)
