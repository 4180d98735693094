"""A printed log with several runs in it, all of its ranks, and an account of its lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from cockpit.events.kinds import Eval, Event, Norms, Step
from cockpit.printed import trial_lines
from cockpit.printed.account import Account
from cockpit.printed.cut import Line
from cockpit.printed.prefixes import strip_prefixes
from cockpit.printed.reader import PrintedReader
from cockpit.printed.reading import Reading
from cockpit.printed.runs import Runs
from cockpit.printed.written import Written

MOST_RANKS = 64
Told = Event | Written


class RunWords(NamedTuple):
    """What the log says of a run before its first value."""

    label: str
    config: Mapping[str, Any]


class SeveralRuns(PrintedReader):
    """Unlike `PrintedReader`, which watches one program, it keeps what the other ranks say, under names such as
    `loss/rank1`, and accounts for every line. Events are given by `take`, because a line may end a run and begin one.
    """

    def __init__(self, metric: str = "") -> None:
        super().__init__(metric)
        self.account = self._account = Account()
        self.run = 0
        self._metric = metric
        self._runs = Runs()
        self._words: list[RunWords] = []
        self._understood = False
        self._others: dict[int, PrintedReader] = {}
        self._out: list[tuple[int, Told]] = []

    @property
    def failure(self) -> str:
        """The message of the exception that the last run ended with; empty where it ended otherwise."""
        return self._skipper.exception

    def words(self, run: int) -> RunWords:
        """What is known of a run, from 0, that has begun."""
        return self._words[run] if run < len(self._words) else RunWords(self._runs.label, dict(self._runs.config))

    def take(self) -> list[tuple[int, Told]]:
        """What has gathered, each with the number of its run."""
        out, self._out = self._out, []
        return out

    def close(self) -> list[Event]:
        """What was still unfinished gathers too. The reader is not to be fed after this."""
        self._tell(super().close())
        return []

    def _line(self, line: Line) -> list[Event]:
        self._understood = False
        self._tell(super()._line(line))
        prefix = 0 if self._understood else strip_prefixes(line.text).length
        self._account.tell(line.text, self._understood, line.redrawn, prefix)
        return []

    def _tell(self, events: list[Event]) -> None:
        if events:
            run = self.run
            self._out += [(run, event) for event in events]

    def message(self, body: str, redrawn: bool) -> list[Event]:
        found = self._read(body)
        if found is None:
            self._understood = self._runs.says_something(body)
        else:
            self._understood = True
            trial = trial_lines.read(body.strip()) if isinstance(found, Reading) and found.form == "trial" else None
            if trial is not None:
                self._runs.announce(trial.label, trial.config)
            if found:
                words = RunWords(self._runs.label, dict(self._runs.config))
                if self._runs.begins(found):
                    self._turn_page(words)
                    found = self._read(body)
        events = self._turn(found, redrawn)
        if events:
            self._skipper.exception = ""
        self._tell(events)
        return []

    def _turn_page(self, words: RunWords) -> None:
        """The run is over."""
        self._tell(self._end())
        self._words.append(words)
        self.run += 1
        tables = self._tables
        self._start()
        self._tables = tables
        self._others.clear()

    def _foreign(self, rank: int, body: str, redrawn: bool) -> list[Event]:
        self._understood = True
        if rank not in self._others and len(self._others) == MOST_RANKS:
            return []
        other = self._others.setdefault(rank, PrintedReader(self._metric))
        return list(_of_rank(other.message(body, redrawn), rank))


def _of_rank(events: list[Event], rank: int) -> Iterator[Event]:
    """The same values under names of their own."""
    for event in events:
        if isinstance(event, Step | Eval):
            yield replace(event, metrics={f"{name}/rank{rank}": value for name, value in event.metrics.items()})
        elif isinstance(event, Norms):
            yield replace(event, group=f"{event.group}/rank{rank}")
