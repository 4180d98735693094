"""The program in a real terminal: in a pseudo-terminal of our own, and in tmux."""

import os
import pty
import select
import shlex
import shutil
import subprocess
import sys
import termios
import threading
import time
from contextlib import contextmanager
from tempfile import TemporaryDirectory

import pyte
import pytest

COCKPIT = (sys.executable, "-P", "-m", "cockpit")  # as the installed command runs it
PATIENCE = 60.0  # seconds; two busy cores must not fail a test
NAMED_KEYS = {
    "enter": b"\r",
    "escape": b"\x1b",
    "space": b" ",
    "tab": b"\t",
    "up": b"\x1b[A",
    "down": b"\x1b[B",
    "right": b"\x1b[C",
    "left": b"\x1b[D",
    "pagedown": b"\x1b[6~",
    "end": b"\x1b[F",
    "f2": b"\x1bOQ",
    **{f"ctrl+{letter}": bytes((ord(letter) & 0x1F,)) for letter in "abcdepqrsuz"},
}


def environment(folder, **changes):
    """A user's environment with its folders below `folder`; a change to None takes a variable away."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("COCKPIT_", "TEXTUAL", "LC_", "TMUX", "PYTEST")) and name != "NO_COLOR"
    }
    own = {
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "LANG": "C.UTF-8",
        "XDG_CACHE_HOME": str(folder / "cache"),
        "XDG_STATE_HOME": str(folder / "state"),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "COLUMNS": None,
        "LINES": None,
    }
    return {name: value for name, value in {**kept, **own, **changes}.items() if value is not None}


def tui_log(folder):
    """What the cockpit wrote into its log of tracebacks."""
    path = folder / "state" / "cockpit" / "tui.log"
    return path.read_text() if path.exists() else ""


class Pty:
    """A pseudo-terminal with one program in it. Every byte that it writes is kept.

    `screen` is what a person would see, `written` all that was written so far. Waiting ends with the condition, or
    with a failure that shows the screen.
    """

    def __init__(self, command, cwd, size=(80, 24), env=None):
        self._master, self._slave = pty.openpty()  # the slave too, to see what the program leaves of it
        self._wake, self._woken = os.pipe()[::-1]
        self._news = threading.Condition()
        self._chunks = []
        self.resize(*size)
        self.settings_before = self.settings
        # The first terminal that a session leader opens is its controlling one, to which the line's signals go.
        self.process = subprocess.Popen(
            ["/bin/sh", "-c", 'exec "$@" <>"$0" >&0 2>&0', os.ttyname(self._slave), *map(str, command)],
            cwd=cwd,
            env=env or environment(cwd),
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        while True:
            ready, _, _ = select.select([self._master, self._woken], [], [])
            if self._woken in ready:
                return
            try:
                chunk = os.read(self._master, 1 << 16)
            except OSError:
                return  # nobody has the terminal open any more
            with self._news:
                self._chunks.append(chunk)
                self._emulator.feed(chunk)
                self._news.notify_all()

    @property
    def written(self):
        with self._news:
            return b"".join(self._chunks)

    @property
    def screen(self):
        with self._news:
            columns, rows = self._size
            cells = self._display.buffer  # the second cell of a wide character is empty
            return "\n".join("".join(cells[y][x].data for x in range(columns)).rstrip() for y in range(rows))

    def resize(self, columns, rows):
        """Give the terminal another size; the kernel tells the program."""
        self._size = columns, rows
        self.forget_screen()
        termios.tcsetwinsize(self._slave, (rows, columns))

    def forget_screen(self):
        """Begin with an empty screen, to see what is drawn from now on."""
        with self._news:
            self._display = pyte.Screen(*self._size)
            self._emulator = pyte.ByteStream(self._display)

    def press(self, *keys):
        """Press keys: names of `NAMED_KEYS`, or characters."""
        for key in keys:
            os.write(self._master, NAMED_KEYS.get(key) or key.encode())

    def wait(self, wanted, seconds=PATIENCE):
        """Wait until the screen shows a text, or until a function of the screen says yes. Returns the screen."""
        holds = wanted if callable(wanted) else lambda screen: wanted in screen
        deadline = time.monotonic() + seconds
        while not holds(screen := self.screen):
            if self.process.poll() is not None or not self._wait_for_news(deadline):
                pytest.fail(f"waited for {wanted!r}; exit code {self.process.poll()}; the screen:\n{screen}")
        return screen

    def wait_for_bytes(self, wanted, start=0, seconds=PATIENCE):
        """Wait until these bytes were written after the first `start` ones."""
        deadline = time.monotonic() + seconds
        while wanted not in self.written[start:]:
            if not self._wait_for_news(deadline):
                pytest.fail(f"waited for {wanted!r}; the end of what was written: {self.written[-400:]!r}")

    def wait_until_quiet(self, seconds=1.5):
        """Wait until nothing was written for a while."""
        deadline = time.monotonic() + PATIENCE
        while self.bytes_in(seconds):
            assert time.monotonic() < deadline, f"it goes on writing; the screen:\n{self.screen}"

    def bytes_in(self, seconds):
        """How many bytes are written in this time."""
        before = len(self.written)
        time.sleep(seconds)
        return len(self.written) - before

    def _wait_for_news(self, deadline):
        with self._news:
            return self._news.wait(min(0.5, max(0.0, deadline - time.monotonic()))) or time.monotonic() < deadline

    def signal(self, number):
        os.kill(self.process.pid, number)

    @property
    def is_full(self):
        """Whether it takes nothing more from the program, because nobody reads."""
        return not select.select([], [self._slave], [], 0)[1]

    def stop_reading(self):
        """Take nothing from the program any more, as a connection that is frozen."""
        if self._wake >= 0:
            os.close(self._wake)
            self._wake = -1
            self._reader.join()

    def hang_up(self):
        """Close the terminal, as a window that is closed or a connection that breaks."""
        self.stop_reading()  # a terminal that is being read from does not hang up
        for descriptor in (self._woken, self._slave, self._master):
            os.close(descriptor)
        self._slave = -1

    def exit_code(self, seconds=PATIENCE):
        """Wait for the end of the program."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return pytest.fail(f"the cockpit does not end; the screen:\n{self.screen}")

    @property
    def settings(self):
        """How the line is set: echo, signals and the like."""
        return termios.tcgetattr(self._slave)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        if self._slave >= 0:
            self.hang_up()


@contextmanager
def cockpit(*words, cwd, **options):
    """A `Pty` with `cockpit WORDS` in it, which is closed at the end, whatever happened."""
    terminal = Pty([*COCKPIT, *words], cwd, **options)
    try:
        yield terminal
    finally:
        terminal.close()


def need_tmux():
    """Skip where there is no tmux; fail where it must be there."""
    if shutil.which("tmux") is None:
        message = "tmux is not installed; `apt-get install tmux` brings it"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(message)


class Tmux:
    """A tmux server of its own, with one window in which a shell command runs."""

    def __init__(self, cwd, size, env=None):
        need_tmux()
        self._cwd, self._size = cwd, size
        self._sockets = TemporaryDirectory(prefix="cockpit-tmux-")  # short, as a socket's path has to be
        self._env = {**(env or environment(cwd)), "TMUX_TMPDIR": self._sockets.name}
        self._started = False

    def run(self, *words):
        """A command of tmux. Returns what it prints."""
        done = subprocess.run(
            ["tmux", *words], env=self._env, cwd=self._cwd, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def open(self, *words):
        """Type `cockpit WORDS` in a shell."""
        if not self._started:
            self._started = True
            columns, rows = map(str, self._size)
            self.run("-f", "/dev/null", "new-session", "-d", "-s", "test", "-x", columns, "-y", rows, "/bin/sh")
            self.run("set-option", "-g", "status", "off")
        self.wait(lambda _: self.is_in_shell())
        self.write(shlex.join([*COCKPIT, *map(str, words)]))
        self.press("Enter")

    @property
    def screen(self):
        return self.run("capture-pane", "-p", "-t", "test")

    def press(self, *keys):
        """Press keys, by tmux's names."""
        self.run("send-keys", "-t", "test", *keys)

    def write(self, text):
        """Type a text."""
        self.run("send-keys", "-t", "test", "-l", text)

    def wait(self, wanted, seconds=PATIENCE):
        """Wait until the screen shows a text, or until a function of the screen says yes. Returns the screen."""
        holds = wanted if callable(wanted) else lambda screen: wanted in screen
        deadline = time.monotonic() + seconds
        while not holds(screen := self.screen):
            if time.monotonic() > deadline:
                pytest.fail(f"waited for {wanted!r}; the screen:\n{screen}")
            time.sleep(0.1)  # tmux tells nobody of a change; it can only be asked
        return screen

    def is_in_shell(self):
        """Whether the program has ended, so that the shell asks for the next one."""
        return self.run("display-message", "-p", "-t", "test", "#{pane_current_command}").strip() == "sh"

    @contextmanager
    def attached(self):
        """A terminal of the same size in which somebody looks at the session, as a `Pty`."""
        client = Pty(["tmux", "attach", "-t", "test"], self._cwd, self._size, self._env)
        try:
            yield client
        finally:
            client.close()

    def close(self):
        if self._started:
            subprocess.run(["tmux", "kill-server"], env=self._env, capture_output=True, check=False)
        self._sockets.cleanup()
