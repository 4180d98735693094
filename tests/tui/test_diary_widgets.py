"""The widgets of the diary's screen: a page to read, a place to write, an outline to go by."""

import pytest
from textual.app import App
from textual.events import Paste
from tui_stage import play, screen_text

from cockpit.diary.outline import outline
from cockpit.tui.themes import THEMES
from cockpit.tui.widgets.diary_page import DiaryPage
from cockpit.tui.widgets.note_editor import ASK, HINT, MEANWHILE, NoteEditor
from cockpit.tui.widgets.outline_list import OutlineList

HOSTILE = "[/bold] [@click=app.quit]x[/] \x1b]52;c;x\x07\x1b[31mred \u202eback [x](javascript:1) <b>raw</b>"


class OneWidget(App):
    """Shows one widget and remembers what it says."""

    def __init__(self, widget):
        super().__init__()
        self.widget = widget
        self.heard = []
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = THEMES[0].name

    def compose(self):
        yield self.widget

    def on_mount(self):
        self.widget.focus()

    def on_diary_page_turned(self, event):
        self.heard.append(event.step)

    def on_note_editor_saved(self, event):
        self.heard.append((event.before, event.after))

    def on_note_editor_cancelled(self):
        self.heard.append("cancelled")

    def on_outline_list_selected(self, event):
        self.heard.append(event.experiment or event.heading.title)

    def lines(self):
        return [line.rstrip() for line in screen_text(self).split("\n")]


def driven(widget, steps, size=(80, 24)):
    """Run `steps`, a coroutine function of app, widget and pilot, with the widget on a screen."""

    async def run():
        app = OneWidget(widget)
        async with app.run_test(size=size) as pilot:
            await steps(app, widget, pilot)

    play(run())


def test_a_page_shows_entry_and_notes_as_text():
    async def steps(app, page, pilot):
        page.show("exp001", f"## exp001 · {HOSTILE}", f"mine {HOSTILE}")
        await pilot.pause()
        assert app.lines()[0].startswith(
            " exp001 · [/bold] [@click=app.quit]x[/] red back [x](javascript:1) <b>raw</b>"
        )
        assert app.lines()[2].startswith(" mine [/bold]")
        for line in app.screen._compositor.render_strips():
            assert [part for part in line if part.style and (part.style.link or "click" in str(part.style.meta))] == []

    driven(DiaryPage(), steps, size=(120, 24))


def test_a_page_says_what_could_be_there():
    async def steps(app, page, pilot):
        page.show("exp001", "## exp001", "", "No note yet; n writes one here.")
        await pilot.pause()
        assert app.lines()[2] == " No note yet; n writes one here."
        page.show("exp001", "", "", "")
        await pilot.pause()
        assert not "".join(app.lines()).strip()

    driven(DiaryPage(), steps)


def test_another_entry_begins_at_its_top_and_the_same_one_stays_where_it_is():
    async def steps(app, page, pilot):
        page.show("exp001", "word\n\n" * 50, "mine")
        await pilot.pause()
        await pilot.press("j", "j", "k", "down")
        await pilot.pause()
        assert page.scroll_offset.y == 2
        page.show("exp001", "word\n\n" * 50, "mine and more")
        await pilot.pause()
        assert page.scroll_offset.y == 2
        page.scroll_to_notes()
        await pilot.pause()
        assert "mine and more" in " ".join(app.lines())
        page.show("exp002", "word\n\n" * 50, "")
        await pilot.pause()
        assert page.scroll_offset.y == 0

    driven(DiaryPage(), steps)


def test_a_page_is_made_anew_for_another_width_and_other_colours():
    async def steps(app, page, pilot):
        page.show("exp001", f"# heading\n\n{'word ' * 30}", "")
        await pilot.pause()
        assert max(map(len, app.lines())) > 60
        dark = [part.style.color for part in app.screen._compositor.render_strips()[0] if "heading" in part.text]
        app.theme = THEMES[1].name
        await pilot.pause()
        light = [part.style.color for part in app.screen._compositor.render_strips()[0] if "heading" in part.text]
        assert dark != light
        await pilot.resize_terminal(40, 24)
        await pilot.pause()
        assert 20 < max(map(len, app.lines())) <= 40

    driven(DiaryPage(), steps)


def test_a_page_in_ascii():
    async def steps(app, page, pilot):
        page.show("exp001", "## exp001 · hill ➖\n\n- a\n\n| x |\n|---|\n| y |", "✅ mine")
        await pilot.pause()
        assert all(line.isascii() for line in app.lines())

    driven(DiaryPage(ascii=True), steps, size=(60, 12))


def test_arrows_turn_pages():
    async def steps(app, page, pilot):
        page.show("exp001", "word", "")
        await pilot.press("left", "right", "left_square_bracket", "right_square_bracket")
        assert app.heard == [-1, 1, -1, 1]

    driven(DiaryPage(), steps)


@pytest.mark.parametrize("theme", ["ansi-dark", "textual-light", "dracula"])
def test_a_page_is_drawn_with_any_theme(theme):
    async def steps(app, page, pilot):
        app.theme = theme
        page.show("exp001", "# heading `code` [l](http://x)\n\n> quote", "")
        await pilot.pause()
        assert app.lines()[0] == " heading code l (http://x)"

    driven(DiaryPage(), steps)


def test_what_is_typed_is_saved():
    async def steps(app, editor, pilot):
        editor.begin("mine\r\n\x1b[31mred", "your note on exp001")
        assert editor.text == "mine\nred"
        await pilot.press("enter", "q", "space", "[", "x", "]", "tab", "ctrl+s")
        await pilot.pause()
        assert app.heard == [("mine\nred", "mine\nred\nq [x]")]
        editor.saved("mine\nred\nq [x]")
        assert not editor.is_changed

    driven(NoteEditor(), steps)


def test_a_change_is_dropped_only_after_asking_once():
    async def steps(app, editor, pilot):
        editor.begin("mine", "title")
        assert (editor.border_title, editor.border_subtitle) == ("title", HINT)
        await pilot.press("escape")
        assert app.heard == ["cancelled"]
        await pilot.press("x", "escape")
        assert app.heard == ["cancelled"]
        assert (editor.border_subtitle, editor.has_asked) == (ASK, True)
        await pilot.press("y")
        await pilot.pause()
        assert (editor.border_subtitle, editor.has_asked) == (HINT, False)
        await pilot.press("escape", "escape")
        assert app.heard == ["cancelled", "cancelled"]

    driven(NoteEditor(), steps)


def test_what_is_pasted_cannot_steer_the_terminal():
    async def steps(app, editor, pilot):
        editor.begin("", "title")
        app.post_message(Paste("\x1b]52;c;x\x07one\rtwo\r\n\x9b31mthree\x00 \u202efour\u2028 \x1b[31m" + "x" * 9000))
        await pilot.pause()
        assert editor.text == "one\ntwo\nthree four " + "x" * 9000
        app.copy_to_clipboard("\x1b[31mred")
        editor.action_paste()
        assert editor.text.endswith("xred")
        await pilot.press("ctrl+z", "ctrl+z")
        assert editor.text == ""

    driven(NoteEditor(), steps)


def test_a_long_note_can_be_replaced_at_once():
    async def steps(app, editor, pilot):
        editor.begin("line\n" * 100, "title")
        await pilot.pause()
        editor.select_all()
        await pilot.press("x", "ctrl+z", "ctrl+y")
        await pilot.pause()
        assert editor.text == "x"
        editor.rebase("new")
        assert editor.text == "x\n\nnew"

    driven(NoteEditor(), steps)


def test_what_somebody_else_wrote_meanwhile_is_kept():
    async def steps(app, editor, pilot):
        editor.begin("first\n\nlast", "title")
        await pilot.press("!")
        editor.rebase("first\n\nlast\n\ntheir\nwords")
        assert editor.text == "first\n\nlast!\n\ntheir\nwords"
        assert editor.cursor_location == (2, 5)
        assert editor.border_subtitle == MEANWHILE
        await pilot.press("ctrl+s")
        await pilot.pause()
        assert app.heard == [("first\n\nlast\n\ntheir\nwords", "first\n\nlast!\n\ntheir\nwords")]

    driven(NoteEditor(), steps)


def test_what_somebody_else_changed_or_removed_comes_back_with_mine():
    async def steps(app, editor, pilot):
        editor.begin("first\nsecond\nthird", "title")
        await pilot.press("!")
        editor.rebase("first\nzwei")
        assert editor.text == "first\nsecond\nthird!\n\nzwei"
        editor.rebase("first\nzwei")
        editor.rebase("first")
        assert editor.text == "first\nsecond\nthird!\n\nzwei"
        assert editor.is_changed

    driven(NoteEditor(), steps)


def test_an_untouched_note_follows_what_somebody_else_writes():
    async def steps(app, editor, pilot):
        editor.begin("mine", "title")
        editor.rebase("theirs \x1b[31mred")
        assert (editor.text, editor.is_changed) == ("theirs red", False)
        editor.rebase("")
        await pilot.press("x")
        editor.rebase("new")
        assert editor.text == "x\n\nnew"

    driven(NoteEditor(), steps)


DIARY = """\
# mine

# 2026-11-20

<!-- cockpit:begin exp001 -->
## exp001 · hill [/bold] ➖
<!-- cockpit:end exp001 -->

✅ good

## Ideas
## Ideas

# 2026-11-21

<!-- cockpit:begin exp002 -->
## exp002 · other ⏳
<!-- cockpit:end exp002 -->
"""


def test_the_outline_shows_days_verdicts_and_marks():
    async def steps(app, listed, pilot):
        listed.show_headings(outline(DIARY))
        await pilot.pause()
        assert [line.rstrip() for line in app.lines()[:8]] == [
            " entry                        yours",
            " mine",
            " 2026-11-20",
            "  ➖ exp001 · hill [/bold]    ✅",
            "     Ideas",
            "     Ideas",
            " 2026-11-21",
            "  ⏳ exp002 · other",
        ]

    driven(OutlineList(), steps)


def test_the_outline_in_ascii():
    async def steps(app, listed, pilot):
        listed.show_headings(outline(DIARY.replace("·", "-")))
        await pilot.pause()
        assert app.lines()[3] == "  =  exp001 - hill [/bold]    +"
        assert all(line.isascii() for line in app.lines())

    driven(OutlineList(ascii=True), steps)


def test_the_cursor_says_where_it_is():
    async def steps(app, listed, pilot):
        listed.show_headings(outline(DIARY))
        listed.select_last_entry()
        await pilot.pause()
        assert app.heard[-1] == "exp002"
        await pilot.press("up", "k", "k")
        assert app.heard[-1] == "exp001"
        assert listed.selected.kind == "words"
        await pilot.press("home")
        assert app.heard[-1] == "mine"
        assert listed.select("exp001")
        assert not listed.select("exp009")
        await pilot.pause()
        assert app.heard[-1] == "exp001"
        for step, experiment in [(1, "exp002"), (1, "exp002"), (-1, "exp001"), (-1, "exp001")]:
            listed.select_neighbour(step)
            assert listed.selected.experiment == experiment

    driven(OutlineList(), steps)


def test_the_cursor_stays_on_its_heading_when_the_diary_changes():
    async def steps(app, listed, pilot):
        listed.show_headings(outline(DIARY))
        listed.select("exp002")
        await pilot.pause()
        heard = len(app.heard)
        listed.show_headings(outline(DIARY))
        await pilot.pause()
        assert len(app.heard) == heard
        listed.show_headings(outline(f"new\n\n{DIARY.replace('✅', '❌')}"))
        await pilot.pause()
        assert listed.selected.experiment == "exp002"
        assert app.heard[heard:] == ["exp002"]
        listed.show_headings([])
        await pilot.pause()
        assert listed.selected is None
        listed.select_last_entry()
        listed.select_neighbour(1)

    driven(OutlineList(), steps)
