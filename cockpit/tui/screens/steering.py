"""Acting on trials of a running sweep: each command asks once, says that it is on its way, and then what happened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cockpit.store.life import LIVE
from cockpit.store.numbers import setting_text
from cockpit.store.rows import NOT_OVER
from cockpit.tui.actions import Action
from cockpit.tui.screens.base import CockpitScreen
from cockpit.tui.snapshot import SweepView, TrialView

STEERING = (
    "stop", "kill", "pause", "resume", "add_like", "change_value", "stop_sweep", "pause_sweep", "resume_sweep",
)  # fmt: skip
_STATUS_FOR = {
    "stop": NOT_OVER,
    "kill": NOT_OVER,
    "pause": ("running", "waiting"),
    "resume": ("paused",),
}
MOST_NAMED = 3


class SteeringScreen(CockpitScreen):
    """A screen that shows trials of one experiment and can act on some of them."""

    experiment: str

    def sweep_view(self) -> SweepView | None:
        """The experiment as last read."""
        return self.cockpit.snapshot.sweeps.get(self.experiment) if self.cockpit.snapshot else None

    def acted_on(self) -> Sequence[TrialView]:
        """The marked trials, or the one under the cursor."""
        raise NotImplementedError

    def fits_steering(self, action: Action) -> str:
        """What a steering action would do now; empty when it can do nothing."""
        view = self.sweep_view()
        if view is None or view.sweep.status not in LIVE:
            return ""
        if action.name == "stop_sweep":
            return f"Stop the whole sweep {view.sweep.experiment}"
        if view.sweep.status == "queued":
            return ""
        if action.name in ("pause_sweep", "resume_sweep"):
            rests = view.halted or (not view.running and any(row.status == "paused" for row in view.rows))
            is_meant = rests == (action.name == "resume_sweep")
            return f"{action.label.capitalize()} {view.sweep.experiment}" if is_meant else ""
        if action.name in _STATUS_FOR:
            trials = self._those(action.name)
            return f"{action.label.capitalize()} {_names(trials)}" if trials else ""
        trials = list(self.acted_on())
        if not trials:
            return ""
        if action.name == "add_like":
            return f"Add a trial like {trials[0].row.id}"
        return "" if trials[0].row.is_over else f"Change a value of {trials[0].row.id}"

    def on_trial_tabs_rows_wanted(self) -> None:
        self.look_again()

    def action_stop(self) -> None:
        self._ask_for("stop", "stop {} at the next step?")

    def action_kill(self) -> None:
        self._ask_for("kill", "end {} at once, nothing more is saved?")

    def action_pause(self) -> None:
        self._ask_for("pause", "pause {}?")

    def action_resume(self) -> None:
        self._ask_for("resume", "let {} go on?")

    def action_stop_sweep(self) -> None:
        self.bottom.ask(
            "stop the whole sweep? its trials end and the diary is written",
            lambda: self.cockpit.command(self.experiment, "stop", [None]),
        )

    def action_pause_sweep(self) -> None:
        self.bottom.ask(
            "pause the whole sweep? its trials save themselves and free their devices",
            lambda: self.cockpit.command(self.experiment, "pause", [None]),
        )

    def action_resume_sweep(self) -> None:
        self.bottom.ask(
            "let the whole sweep go on, with all its paused trials?",
            lambda: self.cockpit.command(self.experiment, "resume", [None]),
        )

    def action_add_like(self) -> None:
        trial, view = self.acted_on()[0], self.sweep_view()
        if view is None:
            return
        settings = " ".join(f"{name}={_typed(trial.row.config.get(name))}" for name in view.sweep.varied)
        self.bottom.prompt("try next:", settings, lambda text: self._send_settings("add", None, text))

    def action_change_value(self) -> None:
        trial = self.acted_on()[0]
        self.bottom.prompt(
            f"change in {trial.row.id}{_changeable(trial)}:",
            _present_lr(trial),
            lambda text: self._send_settings("set", trial.row.id, text),
        )

    def _send_settings(self, name: str, trial: str | None, text: str) -> None:
        from cockpit.search.yaml_text import scalar  # brings YAML, which the first paint does without

        settings: dict[str, Any] = {}
        for word in text.split():
            key, equals, value = word.partition("=")
            if not key or not equals or not value:
                self.cockpit.say(f"{word}: write it as NAME=VALUE, for example lr=3e-4", "error")
                return
            settings[key] = scalar(value)
        if settings:
            self.cockpit.command(self.experiment, name, [trial], settings)

    def _ask_for(self, name: str, question: str) -> None:
        trials = self._those(name)
        if trials:
            ids = [trial.row.id for trial in trials]
            self.bottom.ask(question.format(_names(trials)), lambda: self.cockpit.command(self.experiment, name, ids))

    def _those(self, name: str) -> list[TrialView]:
        return [trial for trial in self.acted_on() if trial.row.status in _STATUS_FOR[name]]


def _present_lr(trial: TrialView) -> str:
    """What is changed most, as it is now."""
    row = trial.row
    lr = trial.newest.get("lr", row.effective.get("lr", row.config.get("lr")))
    return "" if lr is None else f"lr={_typed(lr)}"


def _changeable(trial: TrialView) -> str:
    """Other settings that trainers usually take on the way; which they are only the engine knows for sure."""
    known = {**trial.row.config, **trial.row.effective}
    names = [name for name in known if name.endswith(("_lr", "weight_decay")) and known[name] is not None]
    return f" ({', '.join(f'{name}={setting_text(known[name])}' for name in names[:MOST_NAMED])})" if names else ""


def _names(trials: Sequence[TrialView]) -> str:
    ids = [trial.row.id for trial in trials]
    return ids[0] if len(ids) == 1 else f"{', '.join(ids[:-1])} and {ids[-1]}"


def _typed(value: Any) -> str:
    """A value as somebody would type it, with all its digits."""
    return repr(value) if isinstance(value, float) else setting_text(value)
