"""The command line of a program, with W&B's macros filled in.

Macros stand for whole tokens, but for `${envvar:NAME}`, which may stand anywhere in one. A value becomes what Python's
`str` makes of it (`True`, `None`, `{'a': 1}`), and nested parameters are one such mapping, as W&B passes them.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cockpit.search.errors import Place, closest, listed

DEFAULT = ("${env}", "${interpreter}", "${program}", "${args}")
ARGUMENTS = (
    "args",
    "args_no_equals",
    "args_no_hyphens",
    "args_no_boolean_flags",
    "args_json",
    "args_json_file",
    "args_append_hydra",
    "args_override_hydra",
)
MACROS = ("env", "interpreter", "program", *ARGUMENTS)
ENV = "/usr/bin/env"

_MACRO = re.compile(r"\$\{(.*)\}")
_ENVIRONMENT_VARIABLE = re.compile(r"\$\{envvar:([A-Z0-9_]*)\}")


def expand(
    command: Sequence[str] | None,
    program: str | None,
    config: Mapping[str, Any],
    config_file: str,
    environ: Mapping[str, str],
) -> list[str]:
    """The words to execute; without a command W&B's default one.

    `config` has nested parameters as mappings. `config_file` is where a JSON file with it will be. A variable that is
    not set becomes its bare name, as in W&B.
    """
    words: list[str] = []
    for token in command or DEFAULT:
        filled = _ENVIRONMENT_VARIABLE.sub(lambda found: environ.get(found[1], found[1]), token)
        macro = macro_in(filled)
        if macro == "args_json_file":
            words.append(config_file)
        elif macro == "interpreter":
            words.append(interpreter(environ))
        elif macro == "program":
            words += [] if program is None else [program]
        elif macro == "env":
            words.append(ENV)
        elif macro is not None:
            words += arguments(macro, config)
        else:
            words.append(filled)
    return words


def arguments(macro: str, config: Mapping[str, Any]) -> list[str]:
    """The configuration as one of the argument macros writes it."""
    if macro == "args_json":
        return [json.dumps(config)]
    if macro == "args_no_equals":
        return [word for name, value in config.items() for word in (f"--{name}", str(value))]
    if macro == "args_no_boolean_flags":
        return [
            f"--{name}" if value is True else f"--{name}={value}"
            for name, value in config.items()
            if value is not False
        ]
    prefix = {"args": "--", "args_no_hyphens": "", "args_append_hydra": "+", "args_override_hydra": "++"}[macro]
    return [f"{prefix}{name}={value}" for name, value in config.items()]


def interpreter(environ: Mapping[str, str]) -> str:
    """The Python of the activated environment, or else the one that the cockpit runs in.

    W&B writes `python`, which is either of the two for nearly everybody; but a cockpit that is called by its path finds
    another Python under that name, or none.
    """
    for variable in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        python = Path(environ.get(variable) or "/nowhere") / "bin" / "python"
        if python.is_file():
            return str(python)
    return sys.executable


def macro_in(token: str) -> str | None:
    """The name of the macro that a token is; None for any other token."""
    found = _MACRO.fullmatch(token)
    return found[1] if found and found[1] in MACROS else None


def takes_parameters(command: Sequence[str] | None) -> bool:
    """Whether the parameters stand on the command line."""
    return any(macro_in(token) in ARGUMENTS for token in command or DEFAULT)


def check_command(place: Place, command: Sequence[str] | None, program: str | None) -> None:
    """Refuses what would silently vanish from the command line: unknown macros, and a program that is not named."""
    for number, token in enumerate(command or ()):
        at = place.at("command").at(number)
        found = _MACRO.fullmatch(_ENVIRONMENT_VARIABLE.sub("", token))
        if found and found[1] not in MACROS:
            known = [f"${{{name}}}" for name in (*MACROS, "envvar:NAME")]
            raise at.error(f"{token} is not a macro{closest(token, known)}; allowed: {listed(known)}")
        if found and found[1] == "program" and program is None:
            raise at.error("${program} stands for program, which is missing; name it, or write it here")
