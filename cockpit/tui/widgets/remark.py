"""What is said above a table: a warning, where there is one."""

from __future__ import annotations

import textwrap

from rich.text import Text
from textual.widget import Widget

from cockpit.events.text import one_line
from cockpit.tui.text import shown
from cockpit.tui.widgets.words import Words

MOST_LINES = 2
PADDING = 2  # on both sides together


class Remark(Words):
    """A sentence in one line, or in two where one is too short; what does not fit there is cut between two words.

    Without words it takes no room.
    """

    DEFAULT_CSS = """
    Remark { height: 1; padding: 0 1; display: none; }
    """

    def tell(self, words: str, colour: str = "") -> None:
        """Say this from now on, in a colour of Rich's."""
        self.display = bool(words)
        if not words:
            return
        above = self.parent
        room = above.content_size.width if isinstance(above, Widget) else 0
        width = max(1, (room or self.app.size.width) - PADDING)
        lines = textwrap.wrap(one_line(words), width, max_lines=MOST_LINES, placeholder="…", break_on_hyphens=False)
        self.styles.height = len(lines)
        self.show(Text("\n").join(shown(line, colour) for line in lines))
