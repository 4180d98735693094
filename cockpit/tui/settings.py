"""The user's settings. What was typed goes before the environment, that before the file, that before the default."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

FILE_VARIABLE = "COCKPIT_SETTINGS"


class SettingsError(Exception):
    """A setting is not what it should be. One line: which, where, and what is allowed."""


@dataclass(frozen=True)
class Settings:
    """How the cockpit looks and feels."""

    theme: str = "cockpit"
    """Name of a theme: `cockpit`, `cockpit-light`, or one of Textual's."""

    refresh: float = 4.0
    """Snapshots a second, from 0.5 to 30; it is what the cockpit costs, on the processor and on the wire."""

    ascii: bool | None = None
    """Draw with ASCII only. Not set: as the terminal's encoding allows."""

    smoothing: float = 0.0
    """Smoothing of charts at the start, from 0 (none) to 0.99."""

    keys: Mapping[str, str] = field(default_factory=dict)
    """Other keys for actions: `"sweep.stop" = "x"`. `?` shows the actions of a screen with their names."""


def settings_path() -> Path:
    """Where the file is looked for: `$COCKPIT_SETTINGS`, or `cockpit/settings.toml` in the user's configuration."""
    if FILE_VARIABLE in os.environ:
        return Path(os.environ[FILE_VARIABLE])
    base = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return base / "cockpit" / "settings.toml"


def load_settings(typed: Mapping[str, Any]) -> Settings:
    """The settings in force; a typed value of None was not typed. Raises `SettingsError`."""
    path = settings_path()
    values: dict[str, Any] = {}
    for name, value in _from_file(path).items():
        values[name] = _checked(name, value, str(path))
    for name in ("theme", "refresh", "ascii", "smoothing"):
        variable = f"COCKPIT_{name.upper()}"
        if text := os.environ.get(variable):
            values[name] = _checked(name, _parsed(name, text), f"${variable}")
    for name, value in typed.items():
        if value is not None:
            values[name] = _checked(name, value, f"--{name}")
    return Settings(**values)


def _from_file(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read ({error.strerror}); mend or remove it") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: not TOML: {error}; mend or remove it") from None


def _parsed(name: str, text: str) -> Any:
    if name == "ascii":
        return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}.get(text.lower(), text)
    if name in ("refresh", "smoothing"):
        try:
            return float(text)
        except ValueError:
            return text
    return text


def _checked(name: str, value: Any, where: str) -> Any:
    known = [setting.name for setting in fields(Settings)]
    if name not in known:
        raise SettingsError(f"{where}: there is no setting {name!r}; there are {', '.join(known)}")
    wanted = _CHECKS[name](value)
    if wanted:
        raise SettingsError(f"{where}: {name} {value!r} is not {wanted}")
    return value


def _number(low: float, high: float) -> Any:
    def check(value: Any) -> str:
        good = isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high
        return "" if good else f"a number from {low:g} to {high:g}"

    return check


def _keys(value: Any) -> str:
    good = isinstance(value, dict) and all(isinstance(key, str) for key in value.values())
    return "" if good else "a table of actions and keys"


_CHECKS: Mapping[str, Any] = {
    "theme": lambda value: "" if isinstance(value, str) else "a theme's name",
    "refresh": _number(0.5, 30),
    "ascii": lambda value: "" if isinstance(value, bool) else "true or false",
    "smoothing": _number(0, 0.99),
    "keys": _keys,
}
