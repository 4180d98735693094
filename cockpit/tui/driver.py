"""Textual's driver, for a terminal that may go away at any time."""

from __future__ import annotations

from typing import IO, Any, cast

from textual.drivers.linux_driver import LinuxDriver

from cockpit.tui.frugal import FrugalApp


class PatientFile:
    """A file in which what cannot be written is lost.

    Textual's writing thread ends with the first error, and the app then waits for ever until somebody takes what it
    wants to write.
    """

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def write(self, text: str) -> int:
        try:
            return self._file.write(text)
        except OSError:
            return len(text)

    def flush(self) -> None:
        try:
            self._file.flush()
        except OSError:
            pass  # the terminal is gone; who looks for that ends the app

    def fileno(self) -> int:
        return self._file.fileno()


class TerminalDriver(LinuxDriver):
    """Reads the keyboard and writes the screen."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._file = cast(Any, PatientFile(cast(IO[str], self._file)))

    def start_application_mode(self) -> None:
        if isinstance(self._app, FrugalApp):
            self._app.frame.forget()  # the screen is empty, also after a while in the background
        super().start_application_mode()  # type: ignore[no-untyped-call]  # Textual's
