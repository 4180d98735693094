"""An app that writes to its terminal what differs from what stands there, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import Console, RenderableType
from textual import on
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.app import App
from textual.driver import Driver
from textual.screen import Screen

from cockpit.tui.frame import SYSTEMS, Frame, Piece


class _Written(CompositorUpdate):
    """What is left to be written of an update."""

    def __init__(self, sequence: str) -> None:
        self._sequence = sequence

    def render_segments(self, console: Console) -> str:
        return self._sequence


class FrugalApp(App[None]):
    """`frame` is what stands on the terminal; who lets somebody else write there has it forgotten."""

    def __init__(self) -> None:
        super().__init__()
        self.frame = Frame()

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        # Textual has no public place between its compositor and its driver.
        if isinstance(renderable, LayoutUpdate | ChopsUpdate) and self._is_written:
            super()._display(screen, self._what_differs(screen, renderable))
        else:
            super()._display(screen, renderable)

    def _what_differs(self, screen: Screen[Any], update: LayoutUpdate | ChopsUpdate) -> Any:
        sequence = self.frame.write(_pieces(update), self.size, SYSTEMS[self.console.color_system or "truecolor"])
        cursor = screen.outer_size.clamp_offset(self.cursor_position)
        return _Written(sequence) if sequence or cursor != self._previous_cursor_position else None

    @property
    def _is_written(self) -> bool:
        """Whether an update reaches the terminal now."""
        return self._running and not self._closed and not self.is_headless and not self._batch_count

    @on(Driver.SignalResume)
    def _draw_again(self) -> None:
        self.action_redraw()

    def on_resize(self) -> None:
        # A terminal that had another size for a moment has lost what stood there, and Textual heard of no change.
        self.action_redraw()

    def action_redraw(self) -> None:
        """Write everything again, after something else has written on the terminal."""
        self.frame.forget()
        self.refresh(layout=True)


def _pieces(update: LayoutUpdate | ChopsUpdate) -> Iterator[Piece]:
    if isinstance(update, ChopsUpdate):
        for y, first, end in update.spans:
            for x, strip in update.chops[y].items():
                if strip is not None and x < end and x + strip.cell_length > first:
                    yield Piece(y, x, max(x, first), min(x + strip.cell_length, end), strip)
        return
    for y, line in enumerate(update.strips, update.region.y):
        x = update.region.x
        for part in line:
            yield Piece(y, x, x, x + part.cell_length, part)
            x += part.cell_length
