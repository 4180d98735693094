"""The work of a program that knows nothing of the cockpit: a command line for every trial."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cockpit.printed import PatternError, check_pattern
from cockpit.search import command
from cockpit.search.metric import Metric
from cockpit.search.nesting import nest
from cockpit.search.spec import Search
from trainers.contract import InputError

LOSS = Metric("loss", "minimize")  # ranks trials whose search names no metric, if they evaluate such a thing


@dataclass(frozen=True)
class ProgramWork:
    """`directory` is where the program runs.

    That is where the cockpit was called, as with W&B, or the folder of the search file if the program is only there.
    """

    search: Search
    directory: Path
    reports_always = False  # its lines are what it prints, not what somebody promised
    steerable = ()
    obeys_device = False

    @classmethod
    def of(cls, search: Search, cwd: Path) -> ProgramWork:
        work = cls(search, _directory(search, cwd))
        work._check_it_can_be_started()
        if search.pattern is not None:
            try:
                check_pattern(search.pattern)
            except PatternError as error:
                raise search.place.at("pattern").error(str(error)) from None
        return work

    @property
    def name(self) -> str:
        """The program's, for people: `train.py`, or the first word of its command that says something."""
        words = [self.search.program] if self.search.program else _without_env(self.words({}, "config.json"))
        scripts = [word for word in words if word.endswith((".py", ".sh"))]
        return Path((scripts or words)[0]).name

    @property
    def folder(self) -> Path:
        return self.directory

    @property
    def preload(self) -> tuple[str, ...]:
        return ("cockpit.engine.trial_process", "cockpit.engine.program_trial")

    @property
    def modules(self) -> tuple[str, ...]:
        return ()

    def settle(self, search: Search) -> tuple[Search, Metric]:
        for key, least in (("seeds", 1), ("confirm", 0)):
            if getattr(search, key) > least and "seed" not in search.space:
                problem = "a program gets its seed as any parameter; add seed: {value: 0} under parameters"
                raise search.place.at(key).error(f"{problem}, or remove this")
        if self.directory != Path.cwd():
            search = replace(search, directory=str(self.directory))
        return search, search.metric or LOSS

    def check(self, search: Search, configs: Iterable[Mapping[str, Any]]) -> None:
        """Any value of any parameter may be what the program wants."""

    def value_of(self, name: str, value: object) -> Any:
        if name not in self.search.space:
            known = ", ".join(self.search.space) or "none"
            raise InputError(f"{self.name} is searched without a parameter {name!r}; there are: {known}")
        return value

    def check_config(self, config: Mapping[str, Any]) -> None:
        """Nobody but the program knows."""

    def trial_config(self, proposal: Mapping[str, Any], seed: int, shared: Mapping[str, Any]) -> dict[str, Any]:
        """Nothing is added: an argument that the program does not know would end it."""
        return nest(proposal, self.search.nested)

    def setting(self, config: Mapping[str, Any], name: str) -> Any:
        return config.get(name)

    def seed_of(self, config: Mapping[str, Any], seed: int) -> int:
        found = config.get("seed", seed)
        return found if isinstance(found, int) else seed

    def request_fields(self, config: Mapping[str, Any], folder: Path) -> dict[str, Any]:
        return {
            "trainer": self.name,
            "command": tuple(self.words(config, str(folder / "config.json"))),
            "directory": str(self.directory),
            "metric": self.search.metric.name if self.search.metric else "",
            "pattern": self.search.pattern or "",
        }

    def words(self, config: Mapping[str, Any], config_file: str) -> list[str]:
        """The command line of one configuration."""
        return command.expand(self.search.command, self.search.program, config, config_file, os.environ)

    def _check_it_can_be_started(self) -> None:
        search = self.search
        tokens = search.command or command.DEFAULT
        if search.program is not None and "${program}" in tokens:
            self._check_program(tokens[tokens.index("${program}") - 1 : tokens.index("${program}")])
            return
        words = _without_env(self.words({}, "config.json"))
        if not words:
            raise search.place.at("command").error("it has no word to execute; begin with the program's name")
        self._check_executable("command", words[0])

    def _check_program(self, before: tuple[str, ...]) -> None:
        """`before` is the token in front of the program, which says what becomes of it."""
        program = self.search.program or ""
        if before in ((), ("${env}",)):
            self._check_executable("program", program)
        elif before == ("${interpreter}",) and not (self.directory / program).is_file():
            places = dict.fromkeys((self.directory, _home(self.search)))
            where = " nor in ".join(str(place) for place in places)
            raise self.search.place.at("program").error(f"there is no file {program} in {where}")

    def _check_executable(self, key: str, word: str) -> None:
        at, path = self.search.place.at(key), self.directory / word
        if os.sep not in word:
            if shutil.which(word) is None:
                hint = f"; for the file here write ./{word}" if path.is_file() else "; is it installed?"
                raise at.error(f"there is no command {word} on the PATH{hint}")
        elif not path.is_file():
            raise at.error(f"there is no file {path}")
        elif not os.access(path, os.X_OK):
            raise at.error(f"{word} is not executable; run chmod +x on it, or put its interpreter before it")


def _directory(search: Search, cwd: Path) -> Path:
    if search.directory is not None:
        directory = cwd / Path(search.directory).expanduser()
        if not directory.is_dir():
            raise search.place.at("directory").error(f"there is no folder {directory}")
        return directory
    home = _home(search)
    if search.program and not (cwd / search.program).is_file() and (home / search.program).is_file():
        return home
    return cwd


def _home(search: Search) -> Path:
    """The folder of the search file."""
    return Path.cwd().joinpath(search.path).resolve().parent


def _without_env(words: list[str]) -> list[str]:
    """The words from the one on that is executed."""
    if not words or words[0] != command.ENV:
        return words
    start = next((i for i, word in enumerate(words[1:], 1) if "=" not in word and not word.startswith("-")), len(words))
    return words[start:]
