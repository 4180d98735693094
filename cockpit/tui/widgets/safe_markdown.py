"""Markdown that somebody wrote, as lines for a terminal: nothing in it becomes a link, is fetched or run."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

from markdown_it import MarkdownIt
from markdown_it.token import Token
from rich import box, markdown
from rich.console import Console, ConsoleOptions, JustifyMethod, RenderResult
from rich.padding import Padding
from rich.segment import Segment
from rich.style import Style
from rich.table import Table
from rich.text import Text
from rich.theme import Theme

from cockpit.events.text import safe_text

NARROWEST = 16  # cells; what is narrower is cut and not wrapped
MOST_CHARACTERS = 20_000  # more of one text takes longer than a key press may
MOST_DEPTH = 12  # lists and quotes in one another
CELLS_A_DEPTH = 4

# What entries are written with, in as many cells, for terminals that show ASCII only.
_PLAIN = str.maketrans(
    {"✅": "+ ", "❌": "x ", "➖": "= ", "⏳": "* ", "⚠": "!", "◆": "B", "•": "*", "▌": "|", "¦": "|"}
    | {"–": "-", "—": "-", "−": "-", "·": ".", "…": "~", "→": ">", "×": "x", "±": "~"}
)


def rendered(
    text: str, width: int, colours: Mapping[str, str], *, ascii_only: bool = False, keep_breaks: bool = False
) -> list[list[Segment]]:
    """The lines of a Markdown text, wrapped to `width` cells, with `keep_breaks` also where the writer ended a line.

    `colours` has rich's names of colours for `heading`, `code`, `link` and `faint`. HTML and images stand there as
    they were written, a link is followed by its address. Lists in lists that leave no room for words stand there as
    they were written too. A text that is much too long is cut, and says so.
    """
    console = Console(
        file=io.StringIO(),
        width=max(width, NARROWEST),
        theme=_theme(colours),
        color_system="truecolor",
        force_terminal=True,
        legacy_windows=False,
    )
    options = console.options
    if ascii_only:
        options.encoding = "ascii"  # so rich draws its tables with that
    text = safe_text(text)
    document = _Markdown(text[:MOST_CHARACTERS], keep_breaks)
    too_deep = document.depth > min(MOST_DEPTH, (console.width - NARROWEST) // CELLS_A_DEPTH)
    lines = console.render_lines(Text(document.markup) if too_deep else document, options)
    if len(text) > MOST_CHARACTERS:
        lines.append([Segment("… the rest is in the file", console.get_style("markdown.hr"))])
    if ascii_only:
        lines = [[Segment(part.translate(_PLAIN), style) for part, style, _ in line] for line in lines]
    return lines


def _theme(colours: Mapping[str, str]) -> Theme:
    heading, code, link, faint = (Style(color=colours.get(name)) for name in ("heading", "code", "link", "faint"))
    levels = {f"markdown.h{level}": heading + Style(bold=level < 4) for level in range(1, 7)}
    return Theme(
        levels
        | {"markdown.code": code, "markdown.code_block": code, "markdown.block_quote": faint, "markdown.link": link}
        | {"markdown.hr": faint, "markdown.table.border": faint, "markdown.table.header": Style(bold=True)}
        | {"markdown.list": Style(), "markdown.item.number": Style()}
    )


class _Heading(markdown.Heading):
    LEVEL_ALIGN: ClassVar[dict[str, JustifyMethod]] = {}


class _CodeBlock(markdown.TextElement):
    """Code as it is, without colours of its own."""

    style_name = "markdown.code_block"

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        code = Text(str(self.text).rstrip("\n"), self.style, overflow="fold")
        yield Padding(code, (0, 0, 0, 2))


class _Table(markdown.TableElement):
    """A table without lines around it, in which words are wrapped and numbers are not."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        heading = self.header.row.cells if self.header and self.header.row else []
        rows = [row.cells for row in self.body.rows] if self.body else []
        wraps = [number > 0 and cell.justify != "right" for number, cell in enumerate(heading)]
        widths = [max(cell.content.cell_len for cell in column) for column in zip(heading, *rows, strict=True)]
        room = options.max_width - sum(width + 2 for width, wrap in zip(widths, wraps, strict=True) if not wrap)
        table = Table(
            box=box.SIMPLE_HEAD,
            pad_edge=False,
            show_edge=False,
            collapse_padding=True,
            style="markdown.table.border",
            header_style="markdown.table.header",
        )
        for cell, wrap in zip(heading, wraps, strict=True):
            # Words with two letters a line would push all else off the screen.
            is_cramped = wrap and room < NARROWEST
            table.add_column(
                cell.content, no_wrap=is_cramped or not wrap, max_width=max(3, room) if is_cramped else None
            )
        for row in rows:
            table.add_row(*(cell.content for cell in row))
        yield table


class _Markdown(markdown.Markdown):
    elements: ClassVar[dict[str, type[markdown.MarkdownElement]]] = {
        **markdown.Markdown.elements,
        "heading_open": _Heading,
        "fence": _CodeBlock,
        "code_block": _CodeBlock,
        "table_open": _Table,
    }
    inlines = markdown.Markdown.inlines | {"link"}

    def __init__(self, text: str, keep_breaks: bool) -> None:
        super().__init__("")
        self.markup = text
        # The parser drops what is nested deeper than it may go, which is deeper than it may be shown.
        parser = MarkdownIt("commonmark", {"html": False, "maxNesting": 4 * MOST_DEPTH})
        self.parsed = parser.enable(["strikethrough", "table"]).parse(text)
        self.depth = _depth(self.parsed)
        for token in self.parsed:
            if token.children:
                token.children = list(_harmless(token.children))
                if keep_breaks:
                    token.children = [_as_hard_break(child) for child in token.children]


def _depth(tokens: Sequence[Token]) -> int:
    """How many lists and quotes stand in one another."""
    depth = deepest = 0
    for token in tokens:
        if token.tag in ("li", "blockquote"):
            depth += token.nesting
            deepest = max(deepest, depth)
    return deepest


def _harmless(tokens: Sequence[Token]) -> Iterator[Token]:
    """Links as words and their address, images as what they were written as, and entities of no evil characters."""
    addresses: list[str] = []
    for token in tokens:
        token.content = safe_text(token.content)
        if token.type == "image":
            yield Token("text", "", 0, content=f"![{token.content}]({token.attrs.get('src', '')})")
        elif token.type == "link_open":
            addresses.append(str(token.attrs.get("href", "")))
            yield Token("words_open", "link", 1)
        elif token.type == "link_close":
            yield Token("words_close", "link", -1)
            yield Token("text", "", 0, content=f" ({addresses.pop()})")
        else:
            yield token


def _as_hard_break(token: Token) -> Token:
    return Token("hardbreak", "br", 0) if token.type == "softbreak" else token
