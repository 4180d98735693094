"""The app: wires feed, screens and settings together, and does nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual.actions import ActionParseResult
from textual.binding import Binding
from textual.dom import DOMNode
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.filter import LineFilter, Monochrome
from textual.message import Message

from cockpit.engine.control import ControlError, send
from cockpit.engine.spawn import NotStartedError, spawn_detached
from cockpit.store.beginning import beginning
from cockpit.store.folder import RunFolder
from cockpit.store.life import LIVE
from cockpit.tui.actions import Action, bindings_problem
from cockpit.tui.chores import Chores
from cockpit.tui.driver import TerminalDriver
from cockpit.tui.errands import Errands
from cockpit.tui.feed import Feed
from cockpit.tui.filters import AsciiOnly, Colorless
from cockpit.tui.frugal import FrugalApp
from cockpit.tui.glyphs import Glyphs, glyphs_for, status_style
from cockpit.tui.palette_commands import MomentCommands
from cockpit.tui.screens.base import CockpitScreen
from cockpit.tui.settings import Settings
from cockpit.tui.snapshot import Snapshot
from cockpit.tui.text import shown
from cockpit.tui.themes import THEMES, rich_colour
from cockpit.tui.trouble import keep_traceback, no_console
from cockpit.tui.waiting import Waits

if TYPE_CHECKING:
    from cockpit.tui.kaggle.watch import Heard


class CockpitApp(FrugalApp):
    """The cockpit over one logs folder. `target` is what to open first: an experiment's folder name and a trial."""

    CSS_PATH = "app.tcss"
    DEFAULT_MODE = "main"
    ENABLE_COMMAND_PALETTE = True
    COMMANDS: ClassVar[set[Any]] = {MomentCommands}
    BINDINGS: ClassVar[list[Any]] = [
        Binding("ctrl+q,ctrl+c", "leave", show=False, priority=True),
        Binding("ctrl+z", "suspend_process", show=False),
        Binding("ctrl+l", "redraw", show=False),
    ]

    class Arrived(Message):
        """The feed has a new snapshot. The newest one counts; older ones need not be drawn any more."""

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, CockpitApp.Arrived)

    def __init__(self, feed: Feed, settings: Settings, target: tuple[str, str] | None = None) -> None:
        super().__init__()
        self.feed = feed
        self.settings = settings
        self.glyphs: Glyphs = glyphs_for(settings.ascii)
        self.snapshot: Snapshot | None = None
        self.farewell = ""
        self.kaggle: Heard | None = None  # what was heard of it last
        self.chores = Chores()
        self.error_console = no_console()
        self._target = target
        self.add_mode(self.DEFAULT_MODE, self._first_screen)  # a default screen would go without its rules of style
        self._errands = Errands()
        self._waits = Waits()
        self._own_filters: list[LineFilter] = [Colorless()] if self.no_color else []
        if self.glyphs.ascii:
            self._own_filters.append(AsciiOnly())
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = settings.theme if settings.theme in self.available_themes else THEMES[0].name
        self.set_keymap(dict(settings.keys))

    def get_driver_class(self) -> type[Driver]:
        found = super().get_driver_class()
        return TerminalDriver if found is LinuxDriver else found

    def get_line_filters(self) -> Sequence[LineFilter]:
        # Textual's own idea of no colours is shades of grey.
        return [*(each for each in super().get_line_filters() if not isinstance(each, Monochrome)), *self._own_filters]

    def _first_screen(self) -> CockpitScreen:
        """What was asked for, or the list of experiments; nothing else is made before the first paint."""
        self.snapshot = self.feed.newest
        experiment, trial = self._target or ("", "")
        if trial:
            from cockpit.tui.screens.trial import TrialScreen

            return TrialScreen(experiment, trial)
        if experiment:
            from cockpit.tui.screens.opening import screen_of

            first = beginning(RunFolder(self.feed.logs / experiment))
            return screen_of(experiment, first.trainer if first else "")
        from cockpit.tui.screens.home import HomeScreen

        return HomeScreen()

    def on_mount(self) -> None:
        self.feed.send_to(self._receive)
        self.post_message(self.Arrived())  # what came before somebody listened
        if self.settings.theme not in self.available_themes:
            self.say(f"there is no theme {self.settings.theme}; F2 shows those that there are", "warning")
        if problem := bindings_problem(self.settings.keys):
            self.say(problem, "warning")

    def _receive(self, _: Snapshot) -> None:
        """Called from the feed's thread; posting a message is the one thing that is safe from there."""
        self.post_message(self.Arrived())

    def on_cockpit_app_arrived(self) -> None:
        self.catch_up()

    def catch_up(self) -> bool:
        """Show the newest snapshot; False when it is shown already."""
        snapshot = self.feed.newest
        if snapshot is None or snapshot is self.snapshot or self._exit:  # widgets go one by one when the app is left
            return False
        self.snapshot = snapshot
        screen = self.screen_stack[-1] if self.screen_stack else None
        if isinstance(screen, CockpitScreen) and screen.is_ready:
            self._show(screen, snapshot)
        for view in snapshot.sweeps.values():
            for word in (*self._errands.hear(view), *self._waits.hear(view)):
                self.say(word.text, word.tone)
        return True

    def _show(self, screen: CockpitScreen, snapshot: Snapshot) -> None:
        try:
            screen.receive(snapshot)
        except Exception as error:
            # One value that cannot be shown must not take the other nine hundred away.
            keep_traceback(error)
            self.say(f"something here cannot be shown ({type(error).__name__}: {error})", "error", None)

    def say(self, text: str, tone: str = "plain", seconds: float | None = 8.0) -> None:
        """One line at the bottom of the screen."""
        for screen in reversed(self.screen_stack):
            if isinstance(screen, CockpitScreen) and screen.is_ready:
                screen.bottom.notice(text, tone, seconds)
                return

    def status_colour(self, status: str) -> str:
        """How a status is written where the style has to be Rich's."""
        style = status_style(status)
        return rich_colour(self.theme_variables, style[1:]) if style.startswith("$") else style

    def key_of(self, action: Action) -> str:
        """The key of an action as it is now, written for people."""
        keys = self.settings.keys.get(action.id, action.keys)
        return self.get_key_display(Binding(keys.split(",")[0], action.name))

    def get_key_display(self, binding: Binding) -> str:
        written = super().get_key_display(binding)
        return written if written.isascii() or not self.glyphs.ascii else binding.key

    def machine_line(self, snapshot: Snapshot) -> Text:
        """What the first line of every screen says about this machine, and about what could not be read."""
        from cockpit.tui.machine_words import machine_words

        line = machine_words(snapshot)
        trouble = snapshot.trouble or next((view.trouble for view in snapshot.sweeps.values() if view.trouble), "")
        if trouble:
            said = shown(f"{self.glyphs.status['failed']} {trouble}", rich_colour(self.theme_variables, "error"))
            line = said.append("  ").append_text(line)
        return line

    def _handle_exception(self, error: Exception) -> None:
        # A screen that is being made while the app is left remains without its widgets, and then misses them.
        if not self._exit:
            keep_traceback(error)
            super()._handle_exception(error)

    async def run_action(
        self,
        action: str | ActionParseResult,
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        """Run it where it was meant: a key typed ahead waits for its screen, one that comes too late is lost."""
        if isinstance(default_namespace, CockpitScreen):
            if not default_namespace.is_seen:
                return False
            if not default_namespace.is_ready:
                default_namespace.call_later(self.run_action, action, default_namespace, namespaces)
                return True
        return await super().run_action(action, default_namespace, namespaces)

    def action_command_palette(self) -> None:
        from cockpit.tui.palette_commands import Palette

        if not isinstance(self.screen, Palette):
            self.push_screen(Palette())

    # What screens ask for

    def go_back(self) -> None:
        above = self.screen.level_above() if isinstance(self.screen, CockpitScreen) else None
        if len(self.screen_stack) > 1:
            self.pop_screen()
        elif above is not None:
            # Textual cannot replace the screen at the bottom, but it can begin anew with another one.
            mode = self.current_mode
            self.add_mode(above.place, lambda: above)
            self.switch_mode(above.place)
            self.remove_mode(mode)
        else:
            self.say("q leaves the cockpit; sweeps go on")

    def leave(self) -> None:
        running = [row.id for row in (self.snapshot.experiments if self.snapshot else ()) if row.status in LIVE]
        if running:
            verb = "runs" if len(running) == 1 else "run"
            self.farewell = f"{', '.join(running)} {verb} on; `cockpit` shows it again"
        self.exit()

    def action_leave(self) -> None:
        if isinstance(self.screen, CockpitScreen):
            self.screen.action_leave()  # which may have something unsaved to ask about
        else:
            self.leave()

    def show_help(self, screen: CockpitScreen) -> None:
        from cockpit.tui.screens.help import HelpScreen

        self.push_screen(HelpScreen(screen))

    def next_theme(self) -> None:
        names = sorted(self.available_themes, key=lambda name: (not name.startswith("cockpit"), name))
        self.theme = names[(names.index(self.theme) + 1) % len(names)]
        self.say(f'theme {self.theme}; keep it with theme = "{self.theme}" in the settings file')

    def command(
        self, experiment: str, name: str, trials: Iterable[str | None], settings: Mapping[str, Any] | None = None
    ) -> None:
        """Send a command for each of the trials, or with None for the whole sweep, and tell what becomes of it."""
        wanted = tuple(trials)

        def send_all() -> None:
            for trial in wanted:
                try:
                    sent = send(RunFolder(self.feed.logs / experiment), name, trial, settings)
                except (ControlError, OSError) as error:
                    self.call_from_thread(self.say, str(error), "error")
                    continue
                word = self._errands.sent(experiment, sent)
                self.call_from_thread(self.say, *word, None)

        self.run_in_thread(send_all)

    def start_sweep(
        self,
        arguments: Sequence[str],
        on_started: Callable[[str], object],
        what: str,
        on_failed: Callable[[str], object] | None = None,
        command: str = "sweep",
    ) -> None:
        """Start a detached `cockpit sweep`, or another command that makes an experiment.

        Then `on_started` is called with the name of the experiment's folder. When it does not start, that is said at
        the bottom of the screen; `on_failed` is told the reason as well.
        """
        self.say(f"starting {what}…", seconds=None)

        def failed(why: str) -> None:  # in one turn, so that a key that comes after the word finds all of it done
            self.say(f"{what} did not start: {why}", "error", None)
            if on_failed is not None:
                on_failed(why)

        def start() -> None:
            try:
                name, _ = spawn_detached([*arguments, "--logs", str(self.feed.logs)], command)
            except (NotStartedError, OSError) as error:
                self.call_from_thread(failed, str(error))
                return
            self.call_from_thread(self.say, f"{name} runs; it goes on when the cockpit is left", "good")
            self.call_from_thread(on_started, name)

        self.run_in_thread(start)

    def take_up(self, experiment: str, on_started: Callable[[str], object]) -> None:
        """Ask once, then go on with an experiment that was cut off or ended early, detached."""

        def start() -> None:
            self.start_sweep(["--resume", experiment], on_started, experiment)

        if isinstance(self.screen, CockpitScreen):
            self.screen.bottom.ask(f"go on with {experiment}? what had finished stays as it is", start)

    def run_in_thread(self, work: Callable[[], object], awaited: bool = True) -> None:
        """Do something that may take a while; what it raises turns the bottom line red and ends nothing.

        Who leaves the cockpit waits a moment for what is `awaited`.
        """

        def run() -> None:
            try:
                work()
            except Exception as error:
                if self.is_running:
                    keep_traceback(error)
                    self.call_later(self.say, f"that did not work: {error}", "error")

        self.chores.start(run, awaited)
