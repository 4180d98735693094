"""Kaggle: what is left of the week, how pushed runs do, and what submissions scored."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.text import Text
from textual.message import Message
from textual.widget import Widget

from cockpit.kaggle.overview import SentRun
from cockpit.kaggle.scoring import Scored
from cockpit.tui.actions import KAGGLE, Action, actions_of, bindings
from cockpit.tui.errands import Word
from cockpit.tui.kaggle import errands, panes
from cockpit.tui.kaggle.watch import Heard, KaggleWatch
from cockpit.tui.screens.base import CockpitScreen
from cockpit.tui.snapshot import Snapshot
from cockpit.tui.text import shown
from cockpit.tui.themes import rich_colours
from cockpit.tui.widgets.borders import retitle
from cockpit.tui.widgets.gauges import Gauges
from cockpit.tui.widgets.table import Table

CALL_SECONDS = 30.0
TICK_SECONDS = 1.0
NO_RUNS = "Nothing was pushed from here yet.\n\nn   run a search at Kaggle"
NO_SUBMISSIONS = "Nothing was submitted from here yet.\n\ns   submit the predictions of an experiment"


class KaggleScreen(CockpitScreen):
    """One account and this logs folder. Kaggle is asked by a `KaggleWatch`, never from here."""

    place = KAGGLE
    CSS_PATH = "kaggle.tcss"
    BINDINGS = bindings(actions_of(KAGGLE))
    help_text = (
        "What Kaggle tells of your account and of what this logs folder sent there: the accelerators' hours of this "
        "week, the searches that were pushed, and submissions with their scores. It is asked when this screen opens, "
        "then every 30 to 120 seconds, as long as the screen is open. A run that is followed is an experiment here "
        "like any other. Where Kaggle does not answer, that is said here, and everything else goes on."
    )

    class News(Message):
        """The watch has heard something; the newest counts."""

        def __init__(self, heard: Heard) -> None:
            super().__init__()
            self.heard = heard

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, KaggleScreen.News)

    def __init__(self) -> None:
        super().__init__()
        self._heard = Heard()
        self._watch: KaggleWatch | None = None
        self._word: Word | None = None

    def body(self) -> Iterator[Widget]:
        yield Gauges("Quota", id="account")
        yield Table[SentRun](panes.RUNS, empty_text=NO_RUNS, id="runs", classes="pane")
        yield Table[Scored](panes.SUBMISSIONS, empty_text=NO_SUBMISSIONS, id="submissions", classes="pane")

    def on_mount(self) -> None:
        self._runs.focus()
        self._heard = self.cockpit.kaggle or self._heard
        self.set_interval(TICK_SECONDS, self._tick)
        self._watch = KaggleWatch(self._logs, self._hear, self._heard, CALL_SECONDS)
        self._watch.start()

    def on_unmount(self) -> None:
        if self._watch is not None:
            self._watch.stop()

    @property
    def _logs(self) -> Path:
        return self.cockpit.feed.logs

    @property
    def _runs(self) -> Table[SentRun]:
        return self.query_one("#runs", Table)

    @property
    def _submissions(self) -> Table[Scored]:
        return self.query_one("#submissions", Table)

    @property
    def run(self) -> SentRun | None:
        """The run under the cursor, while its table has the keyboard."""
        key = self._runs.cursor_key if self.focused is self._runs else None
        return next((run for run in self._heard.overview.runs if run.intent.id == key), None)

    @property
    def submission(self) -> Scored | None:
        """The submission under the cursor, while its table has the keyboard."""
        key = self._submissions.cursor_key if self.focused is self._submissions else None
        return next((one for one in self._heard.overview.submissions if one.intent.id == key), None)

    @property
    def experiment(self) -> str:
        """The experiment here of what is under the cursor; empty where there is none."""
        sent: SentRun | Scored | None = self.run or self.submission
        return sent.experiment if sent is not None else ""

    def header(self, snapshot: Snapshot) -> Text:
        return Text("Kaggle  ", "bold").append_text(shown(self._heard.overview.user, "not bold dim"))

    # What the watch hears

    def _hear(self, heard: Heard) -> None:
        """Called from the watch's thread."""
        self.post_message(self.News(heard))

    def on_kaggle_screen_news(self, event: News) -> None:
        self._heard = self.cockpit.kaggle = event.heard
        self.look_again()

    def _tick(self) -> None:
        """Count the seconds of an answer that does not come."""
        if self._heard.asked is not None and self.is_seen:
            self._show_account()

    def show(self, snapshot: Snapshot) -> None:
        self._show_account()
        overview, glyphs, now = self._heard.overview, self.cockpit.glyphs, time.time()
        self._runs.show(
            overview.runs,
            key=lambda run: run.intent.id,
            cells=lambda run: panes.run_cells(run, self._heard.followed, now, glyphs),
        )
        self._submissions.show(
            overview.submissions,
            key=lambda one: one.intent.id,
            cells=lambda one: panes.submission_cells(one, overview, now, glyphs),
        )
        self._show_titles()

    def _show_account(self) -> None:
        account, colours = self.query_one("#account", Gauges), rich_colours(self.app.theme_variables)
        account.show(
            panes.account_items(self._heard, self._word, self.size.width - 4, colours), self.cockpit.glyphs, colours
        )
        retitle(account, f"Quota, {panes.resets_text(self._heard.overview.quota)}", panes.asking_text(self._heard))

    def _show_titles(self) -> None:
        """The border tells more of the row under the cursor, which the row itself may have no room for."""
        overview, run, submission = self._heard.overview, self.run, self.submission
        retitle(self._runs, panes.runs_title(overview), panes.run_note(run) if run else "")
        note = panes.submission_note(submission) if submission else ""
        retitle(self._submissions, panes.submissions_title(overview), note)

    # Keys

    def fits(self, action: Action) -> str:
        run = self.run if self.run is not None and self.run.kernel else None
        name = self.experiment or (run.kernel if run else "")
        if action.name == "open":
            return f"Open {self.experiment}" if self.experiment else ""
        if action.name == "follow":
            goes = run is not None and not run.is_over and run.kernel not in self._heard.followed
            return f"Follow {name} as an experiment here" if goes else ""
        if action.name == "pull":
            return f"Fetch what {name} put out" if run else ""
        if action.name == "cancel":
            return f"End {name} at Kaggle, as far as that is possible" if run and not run.is_over else ""
        return action.text

    def on_table_moved(self) -> None:
        self._show_titles()
        self.refresh_hints()

    def on_descendant_focus(self) -> None:
        super().on_descendant_focus()
        if self.is_ready:
            self._show_titles()

    def on_table_opened(self) -> None:
        self.action_open()

    def action_open(self) -> None:
        from cockpit.tui.screens.sweep import SweepScreen

        rows = self.cockpit.snapshot.experiments if self.cockpit.snapshot else ()
        name = next((row.name for row in rows if row.id == self.experiment), None)
        if name is not None:
            self.app.push_screen(SweepScreen(name))
        elif self.run is not None:
            self.cockpit.say("it is no experiment here yet; f follows it")

    def action_refresh(self) -> None:
        if self._watch is not None:
            self._watch.ask()

    def action_follow(self) -> None:
        run = self.run
        if run is not None:
            logs, started = self._logs, self.action_refresh
            self._do(lambda: errands.follow(run, logs, started), f"following {run.kernel}…")

    def action_pull(self) -> None:
        if self.run is not None:
            name = self.run.experiment or self.run.kernel
            answer = self._asking("pull", name)
            self._do(lambda: errands.pulled(name, answer()), f"fetching what {name} put out…")

    def action_cancel(self) -> None:
        if self.run is not None:
            name = self.run.kernel
            answer = self._asking("cancel", name)
            self.bottom.ask(
                f"end {name} at Kaggle?",
                lambda: self._do(lambda: errands.cancelled(name, answer()), f"ending {name}…"),
            )

    def action_submit(self) -> None:
        """A submission takes one of the day's, so the user reads and sends the command."""
        competitions = dict.fromkeys(one.intent.subject for one in self._heard.overview.submissions)
        competition = self.submission.intent.subject if self.submission else next(iter(competitions), "")
        self._type("submit", f"{self.experiment} -c {competition}".lstrip(), errands.submitted, "--no-wait")

    def action_push(self) -> None:
        facts = self.run.intent.facts if self.run is not None else {}
        words = [str(facts["search"])] if facts.get("search") else []
        words += ["-a", str(facts["accelerator"])] if facts.get("accelerator") else []
        self._type("push", shlex.join(words), errands.pushed)

    def _type(self, command: str, value: str, told: Callable[[errands.Answer], Word], *more: str) -> None:
        """Let the user finish a command line, then run it."""

        def run(text: str) -> None:
            try:
                words = shlex.split(text)
            except ValueError as error:
                self.cockpit.say(f"{text}: {error}", "error")
                return
            if words:
                answer = self._asking(command, *words, *more)
                self._do(lambda: told(answer()), f"cockpit kaggle {command} {text}…")

        self.bottom.prompt(f"cockpit kaggle {command}", value, run)

    def _asking(self, *words: str) -> Callable[[], errands.Answer]:
        logs = self._logs
        return lambda: errands.ask_kaggle(words, logs)

    def _do(self, work: Callable[[], Word], meanwhile: str) -> None:
        """Have it done in a thread, say what came of it, and look what Kaggle says now.

        Leaving does not wait for it: the processes that it starts go on by themselves.
        """
        cockpit = self.cockpit
        cockpit.say(meanwhile, seconds=None)

        def run() -> None:
            word = work()
            cockpit.call_from_thread(self._tell, word)
            self.action_refresh()

        cockpit.run_in_thread(run, awaited=False)

    def _tell(self, word: Word) -> None:
        """What came of a command; what went wrong stays in sight until another one, or until it is left by esc."""
        self.cockpit.say(word.text, word.tone)
        self._word = word if word.tone in ("warning", "error") else None
        if self.is_attached:
            self.look_again()

    def step_back(self) -> bool:
        had, self._word = self._word, None
        self.look_again()
        return had is not None
