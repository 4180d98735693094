"""How much each parameter matters, asked of `cockpit importance` in a process of its own, so that no key waits."""

from __future__ import annotations

from pathlib import Path

from cockpit.engine.spawn import Asked, ask
from cockpit.tui.snapshot import Importance, SweepView


class Weigher:
    """Asks again when more trials have ended; meanwhile the last answer stands."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._asked: Asked | None = None
        self._mark: tuple[str, int] | None = None
        self._known: Importance | None = None

    def look(self, view: SweepView) -> Importance | None:
        """What is known of this experiment; None while nothing is."""
        ended = sum(trial.row.is_over for trial in view.trials)
        if self._asked is not None:
            self._hear()
        if self._mark is None or self._mark[0] != view.name:
            self._known = None
        if self._asked is None and self._mark != (view.name, ended):
            self._mark = (view.name, ended)
            self._asked = ask(["importance", view.name, "--json", "--logs", str(self._logs)])
        return self._known

    def close(self) -> None:
        if self._asked is not None:
            self._asked.close()

    def _hear(self) -> None:
        assert self._asked is not None
        answer = self._asked.result()
        if answer is not None:
            self._known = Importance(
                values=answer["importance"], ranges=answer["ranges"], trials=answer["trials"], why=answer["why"]
            )
        elif self._asked.error:
            self._known = Importance({}, {}, 0, why=self._asked.error)
        else:
            return
        self._asked.close()
        self._asked = None
