"""Colours that belong to data, not to the theme: the n-th marked trial wears the n-th of them everywhere."""

from __future__ import annotations

# Chosen by a search for the largest least distance in OKLab between any two, as seen by the normal, the red-blind, the
# green-blind and the blue-blind eye, among colours with a contrast of 3:1 on #121212 and 1.9:1 on #e0e0e0 (the test
# holds that). Equal lightness would suit both backgrounds best but would leave hue alone to tell them apart.
LINE_COLORS: tuple[str, ...] = (
    "#53a3fe",  # blue
    "#c26d08",  # orange
    "#3d9a78",  # green
    "#f27daf",  # pink
    "#b14140",  # brick
    "#8063c7",  # violet
    "#afa557",  # ochre
    "#1d7089",  # petrol
)


def line_color(number: int) -> str:
    """The colour of line `number`; they repeat after the eighth."""
    return LINE_COLORS[number % len(LINE_COLORS)]
