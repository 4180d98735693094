"""Secrets do not belong into a search: what is searched stands in the record, which people copy and show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cockpit.events.redaction import secrets_in
from cockpit.search.errors import Place
from cockpit.search.spec import Search

_ADVICE = "which would stand in the record; set it in the environment, and have the program read it there"


def refuse_secrets(search: Search) -> None:
    """Raises `SearchError` for the first value, however it came into the search, that is a password, key or token."""
    _walk(search.place, search.to_mapping(), "")


def kinds_in(settings: Mapping[str, Any]) -> list[str]:
    """What kinds of secrets are among the values of settings that somebody chose."""
    return list(dict.fromkeys(kind for name, value in settings.items() for kind in secrets_in(f"{name}: {value}")))


def _walk(place: Place, value: Any, name: str) -> None:
    """`name` is what the value is called, which may be what gives it away."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            _walk(place.at(str(key)), inner, name if key in ("value", "values") else str(key))
    elif isinstance(value, list | tuple):
        # A command's words belong together: `--api-key` and what follows it.
        _refuse(place, " ".join(inner for inner in value if isinstance(inner, str)))
        for index, inner in enumerate(value):
            _walk(place.at(index), inner, name)
    elif isinstance(value, str):
        _refuse(place, f"{name}: {value}")


def _refuse(place: Place, text: str) -> None:
    found = secrets_in(text)
    if found:
        raise place.error(f"holds a secret ({', '.join(found)}), {_ADVICE}")
