"""Pictures of the screen that are the same on every machine and fetch nothing."""

import html
import re

from rich.cells import cell_len

FONTS = "ui-monospace, Menlo, Consolas, DejaVu Sans Mono, monospace"
CELL = 12.2  # width of a character in Rich's pictures
TEXT = re.compile(r'<text class="(terminal-r\d+)" x="([\d.]+)" y="([\d.]+)" textLength="[\d.]+"[^>]*>([^<]*)</text>')
# Braille stands alone, because the fonts that have it have it in another width; and so does what a gap follows.
PIECE = re.compile(r"[\u2801-\u28ff]|[^\u2800-\u28ff\xa0]+(?:\xa0[^\u2800-\u28ff\xa0]+)*")


def picture(app, title):
    """The screen of a running app as SVG, with the fonts that are there, exact columns and no random names."""
    svg = app.export_screenshot(title=title, simplify=True)
    svg = re.sub(r"\s*@font-face \{.*?\}\n", "", svg, flags=re.DOTALL)
    svg = re.sub(r"terminal-\d+-", "terminal-", svg)
    svg = re.sub(r"<clipPath id=\"terminal-line-.*?</clipPath>\s*", "", svg, flags=re.DOTALL)
    svg = svg.replace("<!-- Generated with Rich https://www.textualize.io -->", "")
    svg = re.sub(r"font-family: (?:Fira Code|arial)[^;]*;", f"font-family: {FONTS};", svg)
    svg = TEXT.sub(_pieces, svg)
    return "\n".join(line.rstrip() for line in svg.splitlines() if line.strip()) + "\n"


def _pieces(found):
    """A run of text as pieces without gaps, each at its own place."""
    style, left, y, text = found[1], float(found[2]), found[3], html.unescape(found[4])
    pieces = []
    for piece in PIECE.finditer(text):
        x, width = left + CELL * cell_len(text[: piece.start()]), CELL * cell_len(piece[0])
        length = f' textLength="{width:.1f}"' if len(piece[0]) > 1 else ""
        pieces.append(f'<text class="{style}" x="{x:.1f}" y="{y}"{length}>{html.escape(piece[0])}</text>')
    return "\n".join(pieces)
