"""What was meant to be tried, and which later experiments may have been that."""

import pytest
from builders import Recorder

from cockpit.diary.todo_list import todos
from cockpit.diary.todos import DONE, FOLLOWED, OPEN, Place, Todo, Tried, Words, followed_up, todos_in, without_todos
from cockpit.events.kinds import SweepEnded, SweepStarted, TrialEnded, TrialStarted
from cockpit.events.writer import EventWriter
from cockpit.store.folder import RunFolder


def found(text):
    return [(todo.text, todo.is_done) for todo in todos_in(words(text))]


HERE = Place(3)


def words(text, place=HERE):
    return Words(text, "exp003", "2026-11-20", place)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[TODO] try sub-centers", [("try sub-centers", False)]),
        ("TODO: larger images", [("larger images", False)]),
        ("Tried it on fold 3: the same. Next: TODO sub-centers.", [("sub-centers.", False)]),
        ("- [ ] GeM pooling", [("GeM pooling", False)]),
        ("* [x] GeM pooling", [("GeM pooling", True)]),
        ("1. [X] TODO GeM pooling", [("GeM pooling", True)]),
        ("- [ ] TODO: GeM pooling", [("GeM pooling", False)]),
        ("~~TODO: larger images~~", [("larger images", True)]),
        ("- TODO ~~larger images~~", [("larger images", True)]),
        ("TODO: larger images (done)", [("larger images (done)", True)]),
        ("larger images [TODO]", [("larger images", False)]),
        ("2021-04-12: - [TODO] もっと大きい画像", [("もっと大きい画像", False)]),
        ("todo: lower lr", [("lower lr", False)]),
        ("## TODO\n1. strip quotes\n2. split the module\n\n## Other\n- not this", [
            ("strip quotes", False), ("split the module", False),
        ]),
        ("## TODO: sub-centers", [("sub-centers", False)]),
        ("```\n# TODO in code\n```", []),
        ("see `TODO.md`, todos are nice, mastodon, /TODO/", []),
        ("nothing to do here", []),
        ("TODO", []),
    ],
)  # fmt: skip
def test_what_is_an_item(text, expected):
    assert found(text) == expected


def test_an_item_is_one_safe_line_of_bounded_length():
    ((text, _),) = found("TODO: \x1b[31m" + "x" * 1000)
    assert "\x1b" not in text and len(text) == 300


def test_items_are_not_taken_for_words_that_tell_of_a_try():
    assert without_todos("yes\n- [ ] GeM\nTODO: more\nno") == "yes\nno"


def follow(text, *tried, place=HERE):
    (todo,) = followed_up(todos_in(words(text, place)), tried)
    return [(one.name, one.by) for one in todo.followers]


LATER = Tried("exp005", Place(5), (("question", "Do sub-centers help?"), ("varied", "sub_centers margin")))


@pytest.mark.parametrize(
    ("text", "followers"),
    [
        ("TODO: try sub-centers", [("exp005", "question")]),
        ("TODO: subcenter heads", [("exp005", "question")]),
        ("TODO: a smaller margin", [("exp005", "varied")]),
        ("TODO: larger images", []),
        ("TODO: try it with more data", []),  # no word of it says what
        ("TODO: mixup and cutout and margin", []),  # most of it was not tried
        ("- [x] sub-centers", []),
    ],
)
def test_which_later_experiment_seems_to_follow_it_up(text, followers):
    assert follow(text, LATER) == followers


def test_only_what_came_later_can_follow():
    earlier = Tried("exp002", Place(2), LATER.said)
    same = Tried("exp003/t004 (V9)", Place(3, 4), (("note", "with sub-centers"),))
    assert follow("TODO: sub-centers", LATER, same, earlier) == [("exp003/t004 (V9)", "note"), ("exp005", "question")]
    assert follow("TODO: sub-centers", same, earlier, place=Place(3, 4)) == []


def test_no_more_than_three_followers():
    many = [Tried(f"exp{number:03d}", Place(number), LATER.said) for number in range(9, 3, -1)]
    assert [name for name, _ in follow("TODO: sub-centers", *many)] == ["exp004", "exp005", "exp006"]


def test_words_of_other_scripts_are_looked_for_whole():
    tried = Tried("exp007", Place(7), (("note", "大きい画像 で CV 0.86"),))
    assert follow("[TODO] 大きい画像", tried) == [("exp007", "note")]
    assert follow("[TODO] 小さい画像", tried) == []


DIARY = """\
# 2026-11-19

TODO: fewer epochs

# 2026-11-20

<!-- cockpit:begin exp001 -->
## exp001 · hill ➖

TODO: generated words are not the user's

**change** swept `x` 0–1
<!-- cockpit:end exp001 -->

Next: TODO sub-centers
- [ ] GeM pooling
- [x] flips

<!-- cockpit:begin exp002 -->
## exp002 · hill ➖

**change** swept `sub_centers` 3, 5
<!-- cockpit:end exp002 -->

Still TODO: sub-centers on all folds
"""


def imported(logs):
    run = RunFolder(logs / "exp003-notes")
    run.trials.mkdir(parents=True)
    ledger = EventWriter(run.sweep)
    note = "- [TODO] larger images"
    ledger.write(SweepStarted(experiment="exp003", search="notes", metric="cv", at=1.0, extra={"note": note}))
    for number, extra in enumerate(
        [{"label": "V7", "note": "TODO: GeM pooling"}, {"label": "V8", "change": "gem pooling at last", "note": "ok"}]
    ):
        ledger.write(TrialStarted(trial=f"t{number:03d}", at=86_400.0, extra=extra))
        ledger.write(TrialEnded(trial=f"t{number:03d}", status="finished", at=2.0))
    ledger.write(SweepEnded(status="finished", at=2.0))
    ledger.close()


@pytest.fixture
def logs(tmp_path):
    Recorder(tmp_path).trial(0, [0.5]).end()
    Recorder(tmp_path, "exp002-hill", varied=["sub_centers"]).trial(0, [0.5]).end()
    imported(tmp_path)
    (tmp_path / "diary.md").write_text(DIARY)
    return tmp_path


def test_all_items_of_a_logs_folder(logs):
    told = [(todo.text, todo.words.name, todo.words.date, todo.state) for todo in todos(logs)]
    assert told == [
        ("fewer epochs", "", "2026-11-19", OPEN),
        ("sub-centers", "exp001", "2026-11-20", FOLLOWED),
        ("GeM pooling", "exp001", "2026-11-20", FOLLOWED),
        ("flips", "exp001", "2026-11-20", DONE),
        ("sub-centers on all folds", "exp002", "2026-11-20", OPEN),
        ("larger images", "exp003", "1970-01-01", OPEN),
        ("GeM pooling", "exp003/t000", "1970-01-02", FOLLOWED),
    ]
    by = {todo.text: [(one.name, one.by) for one in todo.followers] for todo in todos(logs)}
    assert by["sub-centers"] == [("exp002", "varied")]
    assert by["GeM pooling"] == [("exp003/t001 (V8)", "change")]


def test_a_folder_without_a_diary_and_with_a_broken_record(tmp_path):
    assert todos(tmp_path) == []
    (tmp_path / "exp001-broken").mkdir()
    (tmp_path / "diary.md").write_text("TODO: mend it\n")
    assert [todo.text for todo in todos(tmp_path)] == ["mend it"]


def test_states():
    todo = Todo("x", words("x"))
    assert (todo.state, OPEN, FOLLOWED, DONE) == ("open", "open", "followed up?", "done")
