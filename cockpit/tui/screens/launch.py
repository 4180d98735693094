"""Launch: choose a search, change it, see what it would do, and start it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from rich.text import Text
from textual import events
from textual.containers import Container, Horizontal
from textual.message import Message
from textual.widget import Widget

from cockpit.search.errors import SearchError
from cockpit.search.spec import Search
from cockpit.tui.actions import ACTIONS, LAUNCH, Action, actions_of, bindings
from cockpit.tui.launch.choices import Choice, choices
from cockpit.tui.launch.command import Command
from cockpit.tui.launch.desk import Desk
from cockpit.tui.launch.draft import Draft
from cockpit.tui.launch.plan_view import plan_view
from cockpit.tui.screens.base import CockpitScreen
from cockpit.tui.snapshot import Snapshot
from cockpit.tui.text import shown
from cockpit.tui.widgets.bottom_line import Hint
from cockpit.tui.widgets.line_input import LineInput
from cockpit.tui.widgets.option_field import OptionField
from cockpit.tui.widgets.option_form import OptionForm
from cockpit.tui.widgets.plan_pane import PlanPane
from cockpit.tui.widgets.search_list import SearchList
from cockpit.tui.widgets.space_pane import SpacePane

WIDE = 132  # columns; from there on the fields stand beside the space
SLIM = 72  # below that the list of searches has room for short names only
_START = next(action for action in ACTIONS if action.name == "start")
_NOT_TYPED = ("ctrl+s", "ctrl+r", "ctrl+l", "tab", "escape")
_IN_SPACE = ("edit", "next_kind", "fix", "free", "add_parameter", "remove_parameter")


class LaunchScreen(CockpitScreen):
    """Turns a search into a running sweep. Nothing is started or written before the start."""

    place = LAUNCH
    CSS_PATH = "launch.tcss"
    BINDINGS = bindings(actions_of(LAUNCH))
    help_text = (
        "At the left are the searches of ./searches, then those that are shipped; type to find one. Its space and its "
        "budget can be changed before it is started: what differs from the file has a star, and what is wrong is said "
        "at its place as you type. Cores and GPUs are those of one trial. Fields that are empty mean what stands in "
        "them in grey. A search whose space was changed is kept in the folder .drafts of the logs, so that the same "
        "command can be given again."
    )

    class Read(Message):
        """The searches, as they are in their files now."""

        def __init__(self, found: tuple[Choice, ...], anew: str) -> None:
            super().__init__()
            self.found, self.anew = found, anew

    def __init__(self) -> None:
        super().__init__()
        self.desk = Desk(self, self._draw)
        self._is_starting = False
        self._started = ""

    def body(self) -> Iterator[Widget]:
        with Horizontal(id="launch"):
            yield SearchList("searches", "pane")
            with Container(id="draft"):
                yield SpacePane("space", "pane")
                yield OptionForm("options", "pane")
        yield PlanPane("plan", "pane")

    def on_mount(self) -> None:
        glyphs = self.cockpit.glyphs
        self.list.glyphs = self.plan_pane.glyphs = glyphs
        self.list.border_title = "Searches"
        self.form.border_title = "Budget"
        self.query_one("#draft").display = False
        self._arrange()
        self.list.table.focus()

    def on_unmount(self) -> None:
        self.desk.close()

    def on_screen_resume(self) -> None:
        if self._started:
            self.call_later(self._has_started, self._started)
        else:
            self.cockpit.run_in_thread(self._read)

    def on_resize(self, event: events.Resize) -> None:
        self._arrange()

    def _arrange(self) -> None:
        is_wide = self.size.width >= WIDE
        self.set_class(is_wide, "wide")
        self.set_class(self.size.width < SLIM, "slim")
        self.form.set_narrow(is_wide)

    @property
    def list(self) -> SearchList:
        return self.query_one(SearchList)

    @property
    def space(self) -> SpacePane:
        return self.query_one(SpacePane)

    @property
    def form(self) -> OptionForm:
        return self.query_one(OptionForm)

    @property
    def plan_pane(self) -> PlanPane:
        return self.query_one(PlanPane)

    # The searches

    def _read(self, anew: str = "") -> None:
        """Read all searches, in another thread; the changes to the one called `anew` are dropped."""
        self.post_message(self.Read(choices(Path.cwd()), anew))

    def on_launch_screen_read(self, event: Read) -> None:
        for name in self.desk.take(event.found, event.anew):
            self.cockpit.say(f"{name}: its file is another one now, and was read again", "warning")
        self._draw()

    def on_search_list_moved(self, event: SearchList.Moved) -> None:
        self.desk.choose(event.name)
        self._draw()

    def on_search_list_opened(self, event: SearchList.Opened) -> None:
        if self.desk.draft is not None:
            self.space.table.focus()

    # Changes

    def on_space_pane_changed(self, event: SpacePane.Changed) -> None:
        if self.desk.draft is not None:
            self._change(self.desk.draft.with_cell(event.parameter, event.cell, event.text))

    def on_space_pane_kind_asked(self, event: SpacePane.KindAsked) -> None:
        self.action_next_kind()

    def on_option_field_changed(self, event: OptionField.Changed) -> None:
        if self.desk.draft is not None:
            self._change(self.desk.draft.with_option(event.option, event.text))

    def _change(self, draft: Draft) -> None:
        self.desk.change(draft)
        self._draw()

    # What is shown

    def header(self, snapshot: Snapshot) -> Text:
        return Text("new sweep  ", "bold").append_text(shown(self.desk.chosen, "not bold dim"))

    def show(self, snapshot: Snapshot) -> None:
        self._show_plan(snapshot)

    def _draw(self) -> None:
        desk, glyphs = self.desk, self.cockpit.glyphs
        self.list.show(desk.choices, desk.changed)
        self.set_class(desk.draft is None, "broken")
        self.query_one("#draft").display = desk.draft is not None
        if desk.draft is not None:
            search = desk.draft.original
            facts = _facts(search, "-" if glyphs.ascii else "·")
            self.space.show(desk.draft, desk.problem, shown(search.name, "bold"), facts, glyphs)
            self.form.show(desk.draft, desk.problem)
        if self.cockpit.snapshot is not None:
            self.receive(self.cockpit.snapshot)

    def _show_plan(self, snapshot: Snapshot) -> None:
        self.plan_pane.show(plan_view(self.desk, snapshot.experiments, self.cockpit.key_of(_START), self._is_starting))

    def refresh_hints(self) -> None:
        """In a field of the budget letters are typed, so that only other keys do something."""
        if not isinstance(self.focused, LineInput) or self.space.is_editing:
            super().refresh_hints()
            return
        actions = [action for action, _ in self.actions_now() if action.label and action.keys in _NOT_TYPED]
        hints = [Hint(self.cockpit.key_of(action), action.label, action.footer) for action in actions]
        self.bottom.hint([Hint("⏎", "next field", 9), *hints])

    # Actions

    def fits(self, action: Action) -> str:
        draft = self.desk.draft
        if action.name == "reset":
            return f"Take the changes to {self.desk.chosen} back" if draft is None or draft.is_changed else ""
        if action.name == "start":
            return self._start_text()
        if action.name == "find_lr":
            return self._finder_text()
        if action.name in _IN_SPACE:
            return self._space_text(action)
        return action.text

    def _start_text(self) -> str:
        if self.desk.draft is None or self._is_starting:
            return ""
        return f"Start {self.desk.chosen}" if self.desk.problem is None else "Go to what is wrong"

    def _finder_text(self) -> str:
        search = self.desk.search
        can = self._start_text() and self.desk.problem is None and search is not None and search.trainer
        return f"Look for a learning rate of {self.desk.chosen}" if can else ""

    def _space_text(self, action: Action) -> str:
        cursor = self.space.table.cursor
        row = self.desk.draft.parameter(cursor[0]) if self.desk.draft and cursor else None
        if not (self.space.table.has_focus or self.space.is_editing):
            return ""
        if row is None:
            return action.text if action.name == "add_parameter" else ""
        if action.name in ("fix", "free"):
            return f"{action.label.capitalize()} {row.name}" if row.is_fixed == (action.name == "free") else ""
        return action.text

    def step_back(self) -> bool:
        if self.space.leave() or self.list.clear_filter():
            return True
        if not self.list.table.has_focus:
            self.list.table.focus()
            return True
        changed = self.desk.changed
        if not changed or self._is_starting:
            return False
        self.bottom.ask(f"drop the changes to {', '.join(changed)}?", self.cockpit.go_back)
        return True

    def action_edit(self) -> None:
        self.space.edit()

    def action_next_kind(self) -> None:
        self._change_row(Draft.with_next_kind)

    def action_fix(self) -> None:
        self._change_row(Draft.with_fixed)

    def action_free(self) -> None:
        self._change_row(Draft.with_freed)

    def action_remove_parameter(self) -> None:
        self._change_row(Draft.without)

    def _change_row(self, change: Callable[[Draft, str], Draft]) -> None:
        cursor = self.space.table.cursor
        if self.desk.draft is not None and cursor is not None:
            self._change(change(self.desk.draft, cursor[0]))

    def action_add_parameter(self) -> None:
        self.bottom.prompt("parameter of the trainer, as in name=value:", "", self._add)

    def _add(self, line: str) -> None:
        name, equals, value = (part.strip() for part in line.partition("="))
        if self.desk.draft is None or not name:
            return
        if not equals:
            self.cockpit.say(f"{line}: write it as name=value", "error")
            return
        try:
            self._change(self.desk.draft.with_added(name, value))
        except SearchError as error:
            self.cockpit.say(error.problem, "error")
            return
        self.space.table.go_to(name, "value")

    def action_reset(self) -> None:
        name = self.desk.chosen
        self.space.leave()
        self.cockpit.run_in_thread(lambda: self._read(name))

    # The start

    def on_plan_pane_pressed(self, event: PlanPane.Pressed) -> None:
        self.action_start()

    def action_start(self) -> None:
        """Start the sweep once, however often this is asked; or go to what is in the way."""
        arguments = self._arguments(Command.arguments)
        if arguments is not None:
            self._is_starting = True
            self._draw()
            self.cockpit.start_sweep(arguments, self._has_started, self.desk.chosen, self._has_failed)

    def action_find_lr(self) -> None:
        """Look for a learning rate of the search as it stands here, and show how that goes."""
        arguments = self._arguments(Command.finder_arguments)
        if arguments is None:
            return
        name = self.desk.chosen

        def show(experiment: str) -> None:
            from cockpit.tui.screens.learning_rate import LearningRateScreen

            self._is_starting = False
            if self.is_mounted:
                self._draw()
                self.app.push_screen(LearningRateScreen(experiment, lambda rate: self._use_rate(name, rate)))

        self._is_starting = True
        self._draw()
        what = f"the search for a learning rate of {name}"
        self.cockpit.start_sweep(arguments, show, what, self._has_failed, command="find-lr")

    def _use_rate(self, name: str, rate: float) -> None:
        """Fix `lr` at what was found, in the search that it was found for."""
        self.desk.choose(name)
        if self.desk.draft is not None:
            self._change(self.desk.draft.with_value("lr", f"{rate:g}"))

    def _arguments(self, words: Callable[[Command, Path], Sequence[str]]) -> Sequence[str] | None:
        """The command line of the search as it stands; None where one is under way, or something is in its way."""
        if self._is_starting or (self.desk.command is None and self.desk.problem is None):
            return None
        if self.desk.problem is not None or self.desk.command is None:
            self._go_to_problem()
            self.desk.ask_again()
            return None
        logs = self.cockpit.feed.logs
        try:
            return words(self.desk.command, self.desk.command.kept_path(logs, datetime.now()))
        except OSError as error:
            self.cockpit.say(f"{logs}: the search cannot be written there ({error.strerror})", "error")
            return None

    def _go_to_problem(self) -> None:
        spot = self.desk.problem.spot if self.desk.problem else None
        if spot is None:
            return
        if spot.parameter:
            self.space.table.go_to(spot.parameter, spot.cell)
            self.space.table.focus()
        else:
            self.form.field(spot.option).field.focus()

    def _has_started(self, name: str) -> None:
        from cockpit.tui.screens.sweep import SweepScreen

        if self.app.screen is self:
            self.app.switch_screen(SweepScreen(name))
        else:
            self._started = name  # help or a command lies over this screen

    def _has_failed(self, message: str) -> None:
        self._is_starting = False
        if not self.is_mounted:
            return
        if self.desk.fail(message):
            self.bottom.clear_notice()
            self._go_to_problem()
        self._draw()


def _facts(search: Search, dot: str) -> Text:
    """How the search looks for what."""
    parts = [search.sampler, f"{search.metric.goal} {search.metric.name}" if search.metric else ""]
    parts.append(f"{search.scheduler} stops early" if search.scheduler != "none" else "")
    return shown(f" {dot} ".join(filter(None, parts)))
