"""The one table of what can be done, from which bindings, footer, palette, help and key map are made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from textual.binding import Binding, BindingType

EVERYWHERE = "everywhere"
HOME, LAUNCH, LEARNING_RATE, SWEEP, TRIAL, COMPARE, DIARY, DEVICES, KAGGLE, HELP = (
    "home", "launch", "learning_rate", "sweep", "trial", "compare", "diary", "devices", "kaggle", "help",
)  # fmt: skip

PLACES = {
    EVERYWHERE: "Everywhere",
    HOME: "Experiments",
    LAUNCH: "Launch",
    LEARNING_RATE: "Learning rate",
    SWEEP: "Sweep",
    TRIAL: "Trial",
    COMPARE: "Compare",
    DIARY: "Diary",
    DEVICES: "Devices",
    KAGGLE: "Kaggle",
    HELP: "Help",
}


@dataclass(frozen=True)
class Action:
    """Something that a key does in some places.

    `name` is the method `action_NAME` of the screen or the app, `keys` are Textual's names of keys, separated by
    commas. `label` stands in the footer, those of a higher `footer` first; 0 keeps it out. `text` says in a sentence
    what happens, for help and palette.
    """

    name: str
    keys: str
    label: str
    text: str
    where: tuple[str, ...]
    footer: int = 0

    @property
    def id(self) -> str:
        """What the user's key map calls it: `sweep.stop`; with the first place where it is at home."""
        return f"{self.where[0]}.{self.name}"


_CHARTED = (SWEEP, TRIAL, COMPARE, LEARNING_RATE)  # where there are charts

ACTIONS: tuple[Action, ...] = (
    Action("next_pane", "tab", "pane", "Go to the next pane.", (EVERYWHERE,), 6),
    Action("previous_pane", "shift+tab", "", "Go to the previous pane.", (EVERYWHERE,)),
    Action("back", "escape", "back", "Go back by one level.", (EVERYWHERE,), 46),
    Action("leave", "q", "quit", "Leave the cockpit; sweeps go on.", (EVERYWHERE,), 8),
    Action("help", "question_mark,f1", "help", "Say what the keys do here.", (EVERYWHERE,), 90),
    Action("palette", "ctrl+p,colon", "commands", "Find a command by its name.", (EVERYWHERE,), 38),
    Action("next_theme", "f2", "", "Change the colours.", (EVERYWHERE,)),
    # Experiments
    Action("open", "enter", "open", "Open what is under the cursor.", (HOME, SWEEP, COMPARE, KAGGLE), 70),
    Action("open", "enter", "trial", "Open its trial: steps, norms, output, configuration.", (LEARNING_RATE,), 60),
    Action("new_sweep", "n", "new sweep", "Choose a search and start it.", (HOME,), 80),
    Action("take_up", "R", "go on", "Go on with an experiment that was cut off or ended early, from its checkpoints.",
           (HOME, SWEEP), 56),
    Action("demo", "x", "demo", "Start a sweep of ten seconds that needs neither torch nor Ray.", (HOME,), 30),
    Action("mark", "space", "mark", "Mark it, or take the mark away.", (HOME, SWEEP), 60),
    Action("unmark_all", "u", "", "Take all marks away.", (HOME, SWEEP)),
    Action("compare", "c", "compare", "Show what is marked side by side.", (HOME, SWEEP), 40),
    Action("diary", "d", "diary", "Open the diary.", (HOME, SWEEP, TRIAL, COMPARE, LEARNING_RATE), 50),
    Action("devices", "v", "devices", "Show processors, memory, GPUs and disk.", (HOME, SWEEP, TRIAL), 20),
    Action("kaggle", "L", "Kaggle", "Show quota, pushed runs and submissions at Kaggle.", (HOME, SWEEP, TRIAL), 4),
    Action("filter", "slash", "filter", "Show only what fits a line such as lr>1e-5 status:running.",
           (HOME, SWEEP), 45),
    # Sweep
    Action("best", "b", "best", "Go to the trial that is best so far.", (SWEEP,), 68),
    Action("stop", "s", "stop", "Stop the marked trials at their next step.", (SWEEP, TRIAL), 66),
    Action("kill", "K", "kill", "End the marked trials at once, with all their processes.", (SWEEP, TRIAL), 10),
    Action("pause", "p", "pause", "Free the device of the marked trials until they are resumed.", (SWEEP, TRIAL), 28),
    Action("resume", "p", "resume", "Let the marked trials that are paused go on.", (SWEEP, TRIAL), 28),
    Action("add_like", "a", "add like this", "Try a configuration next that is like this one.", (SWEEP, TRIAL), 26),
    Action("change_value", "e", "change value",
           "Change a value such as lr at the trial's next step, or for when it goes on.", (SWEEP, TRIAL), 24),
    Action("stop_sweep", "S", "stop sweep", "Stop the whole sweep: its trials end and the diary is written.",
           (SWEEP, LEARNING_RATE), 12),
    Action("pause_sweep", "P", "pause sweep", "Pause all trials that run and start no others until it is resumed.",
           (SWEEP, TRIAL), 11),
    Action("resume_sweep", "P", "resume sweep", "Let the sweep start trials again, and all paused ones go on.",
           (SWEEP, TRIAL), 27),
    Action("note", "n", "note", "Write a note into the diary.", (SWEEP, TRIAL), 64),
    Action("next_metric", "m", "metric", "Draw the next metric.", (SWEEP, COMPARE), 44),
    Action("previous_metric", "M", "", "Draw the previous metric.", (SWEEP, COMPARE)),
    Action("zoom_in", "z,plus", "zoom", "Look closer at the newest steps, or at the chart's cursor.",
           _CHARTED, 22),
    Action("zoom_out", "Z,minus", "", "See more steps.", _CHARTED),
    Action("zoom_reset", "0", "", "See all steps.", _CHARTED),
    Action("pan_left", "less_than_sign", "", "Move the closer look to earlier steps.", _CHARTED),
    Action("pan_right", "greater_than_sign", "", "Move the closer look to later steps.", _CHARTED),
    Action("cursor_left", "comma", "", "Move the chart's cursor to earlier steps; it reads out the values there.",
           _CHARTED),
    Action("cursor_right", "full_stop", "", "Move the chart's cursor to later steps.", _CHARTED),
    Action("log", "l", "log", "Draw on a logarithmic axis, or on a plain one again.", _CHARTED, 21),
    Action("smooth", "w", "smooth", "Change the smoothing (EMA): none, 0.6, 0.9, 0.97.", _CHARTED, 18),
    Action("sort", "o", "sort", "Order by the next column.", (HOME, SWEEP), 23),
    Action("sort_back", "O", "", "Order by the column before.", (HOME, SWEEP)),
    Action("reverse", "r", "", "Turn the order round.", (HOME, SWEEP)),
    Action("tab('steps')", "1", "", "Show the trial's steps.", (SWEEP, TRIAL)),
    Action("tab('norms')", "2", "norms", "Show the norms of parameters and gradients.", (SWEEP, TRIAL), 58),
    Action("tab('output')", "3", "", "Show what the trial printed.", (SWEEP, TRIAL)),
    Action("tab('parameters')", "4", "", "Show which parameters matter.", (SWEEP, TRIAL)),
    Action("tab('config')", "5", "", "Show the configuration, and how it differs from the baseline.", (SWEEP, TRIAL)),
    Action("tab('charts')", "6", "charts", "Show the charts again.", (SWEEP, TRIAL), 5),
    # Trial
    Action("next_page", "pagedown", "page", "Show the next charts.", (TRIAL,), 62),
    Action("previous_page", "pageup", "", "Show the charts before.", (TRIAL,)),
    Action("more_charts", "g", "grid", "Show more charts at once, smaller.", (TRIAL,), 60),
    Action("fewer_charts", "G", "", "Show fewer charts at once, larger.", (TRIAL,)),
    Action("next_trial", "right_square_bracket", "next trial", "Go to the next trial.", (TRIAL,), 61),
    Action("previous_trial", "left_square_bracket", "", "Go to the trial before.", (TRIAL,)),
    # Launch
    Action("start", "ctrl+s", "start", "Start this sweep; it goes on when the cockpit is left.", (LAUNCH,), 80),
    Action("reset", "ctrl+r", "reset", "Take all changes back and read the search's file again.", (LAUNCH,), 40),
    Action("edit", "enter", "edit", "Change what is under the cursor; typing a number does it as well.", (LAUNCH,), 72),
    Action("next_kind", "space", "distribution", "Take the next distribution that fits.", (LAUNCH,), 46),
    Action("fix", "f", "fix", "Give a parameter one value for all trials.", (LAUNCH,), 44),
    Action("free", "f", "free", "Let a fixed parameter vary again.", (LAUNCH,), 44),
    Action("add_parameter", "plus", "add", "Add a setting of the trainer to the space.", (LAUNCH,), 22),
    Action("remove_parameter", "delete", "", "Leave a parameter to the trainer's default.", (LAUNCH,)),
    Action("find_lr", "ctrl+l", "find lr", "Look for a learning rate: a short training with a rate that grows.",
           (LAUNCH,), 42),
    # Learning rate
    Action("use_rate", "u", "use it", "Take the suggested rate into the search.", (LEARNING_RATE,), 80),
    # Diary
    Action("write_note", "n", "note", "Write below this entry, in words of your own.", (DIARY,), 80),
    Action("verdict", "m", "✅ ❌ ➖", "Mark the entry as better, worse, neither, or not at all.", (DIARY,), 70),
    Action("score", "l", "leaderboard", "Enter a score of the leaderboard.", (DIARY,), 65),
    Action("open_editor", "o", "editor", "Open the whole diary in $EDITOR.", (DIARY,), 50),
    Action("outline", "t", "outline", "Show or hide the list of entries.", (DIARY,), 30),
    # Kaggle
    Action("refresh", "r", "refresh", "Ask Kaggle now.", (KAGGLE,), 78),
    Action("follow", "f", "follow", "Follow the run as an experiment here.", (KAGGLE,), 76),
    Action("pull", "p", "pull", "Fetch what the run put out.", (KAGGLE,), 74),
    Action("cancel", "c", "cancel", "End the run, as far as Kaggle lets one.", (KAGGLE,), 72),
    Action("submit", "s", "submit", "Write the command that submits to a competition.", (KAGGLE,), 68),
    Action("push", "n", "push", "Write the command that runs a search at Kaggle.", (KAGGLE,), 66),
)  # fmt: skip


def actions_of(place: str) -> tuple[Action, ...]:
    """What can be done in this place, what can be done everywhere included."""
    return tuple(action for action in ACTIONS if place in action.where or EVERYWHERE in action.where)


def bindings(actions: Iterable[Action]) -> list[BindingType]:
    """The keys for Textual; each can be moved by its id in the user's key map."""
    return [Binding(action.keys, action.name, action.label, show=False, id=action.id) for action in actions]


def method_of(name: str) -> str:
    """`tab` for `tab('steps')`."""
    return name.partition("(")[0]


def bindings_problem(keys: Mapping[str, str]) -> str:
    """What is wrong with a key map, in one line; empty where every action in it is known."""
    known = {action.id for action in ACTIONS}
    unknown = [name for name in keys if name not in known]
    return f"there is no action {unknown[0]} to give a key to; ? names those of a screen" if unknown else ""
