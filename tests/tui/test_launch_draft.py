"""A search as texts that can be changed: what they mean, also when nothing has been changed."""

import pytest

from cockpit.search.errors import SearchError
from cockpit.search.reader import loads
from cockpit.tui.launch.draft import Draft
from cockpit.tui.launch.kinds import KINDS
from cockpit.tui.launch.value_text import NotAListError, number_text, text_value, text_values, value_text, values_text

HEAD = "method: random\ntrainer: toy\nmetric: {name: score, goal: maximize}\n"
HILL = """\
name: hill
note: Where is the top?
trainer: toy
engine: local
method: bayes
metric: {name: score, goal: maximize}
parameters:
  x: {min: -1.0, max: 1.0}
  lr: {distribution: log_uniform_values, min: 1e-5, max: 0.01}
  batch: {values: [16, 32, 64]}
  epochs: {value: 3}
baseline: {x: 0.0, lr: 0.001, batch: 32}
run_cap: 6
concurrent: 2
resources: {cpu: 0.5}
"""

ROWS = {
    "constant": "{value: 0.02}",
    "categorical": "{values: [adam, sgd]}",
    "categorical_w_probabilities": "{values: [1, 2, 4], probabilities: [0.5, 0.25, 0.25]}",
    "int_uniform": "{min: 1, max: 10}",
    "uniform": "{min: 0.1, max: 0.30000000000000004}",
    "log_uniform_values": "{distribution: log_uniform_values, min: 1e-5, max: 8}",
    "inv_log_uniform_values": "{distribution: inv_log_uniform_values, min: 2e-4, max: 0.1}",
    "q_uniform": "{distribution: q_uniform, min: 0, max: 10.0, q: 2}",
    "q_log_uniform_values": "{distribution: q_log_uniform_values, min: 1, max: 100, q: 0.5}",
    "normal": "{distribution: normal, mu: -1, sigma: 0.333}",
    "log_normal": "{distribution: log_normal, mu: 0.5}",
    "q_normal": "{distribution: q_normal, sigma: 2, q: 1}",
    "q_log_normal": "{distribution: q_log_normal, mu: 1e-7, q: 0.1}",
    "beta": "{distribution: beta, a: 2, b: 3}",
    "q_beta": "{distribution: q_beta, q: 0.25}",
}

VALUES = [
    0, -3, 8.0, 1e-5, 0.1, 1e16, 1e-300, 2**62, True, False, None, float("inf"), float("-inf"),
    "adam", "two words", "", " ", "5", "1e-4", "true", "null", "~", "no, comma", "a: b", "# no", "[x]", "{x}", "'", '"',
    "back\\slash", "te[/b]xt \x1b[31m", "line\nbreak", "\U0001f600 日本", "=", "-", "- x", "2020-01-01",
    [1, 2.0, "a, b"], [[1, 2], []], {"a": 1, "b c": [None, "x: y"]}, [{"k": "v"}],
]  # fmt: skip


def draft(text=HILL):
    return Draft.of("hill", loads(text, "hill.yaml"))


def same(one, other):
    """Equal, and of the same type."""
    return one == other and type(one) is type(other)


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_value_reads_as_it_was_written(value):
    assert same(text_value(value_text(value)), value)


@pytest.mark.parametrize("values", [[value] for value in VALUES] + [VALUES, [[1, 2], [3]]], ids=repr)
def test_values_read_as_they_were_written(values):
    found = text_values(values_text(values))
    assert len(found) == len(values)
    assert all(map(same, found, values))


def test_values_are_written_without_more_than_they_need():
    assert values_text([16, 32, 0.5, "adam", "two words", True]) == "16, 32, 0.5, adam, two words, true"
    assert values_text([[1, 2], [3]]) == "[[1, 2], [3]]"


@pytest.mark.parametrize("text", ["16, 32", "[16, 32]", " 16,32 ", "16, 32,"])
def test_brackets_around_values_are_optional(text):
    assert text_values(text) == [16, 32]


@pytest.mark.parametrize("text", ["16, ,, 32", '"open', "a, [b", "x]"])
def test_what_is_no_list_is_refused(text):
    with pytest.raises(NotAListError, match="write values as in 16, 32, 64"):
        text_values(text)


@pytest.mark.parametrize("value", [8.0, 0.1, 1e-5, 0.30000000000000004, 123456789.0, -2.0])
def test_a_number_loses_nothing_but_its_point(value):
    assert float(number_text(value)) == value
    assert number_text(8.0) == "8"


def test_every_kind_of_distribution_has_a_row():
    assert set(ROWS) == set(KINDS)


@pytest.mark.parametrize("kind", ROWS)
def test_an_untouched_draft_is_the_search_itself(kind):
    search = loads(f"{HEAD}parameters:\n  p: {ROWS[kind]}\n", "one.yaml")
    assert search.space["p"].kind == kind
    found = Draft.of("one", search)
    assert found.search() == search
    assert not found.is_changed


@pytest.mark.parametrize("kind", ROWS)
def test_what_is_changed_and_changed_back_is_the_search_itself(kind):
    search = loads(f"{HEAD}parameters:\n  p: {ROWS[kind]}\n", "one.yaml")
    found = Draft.of("one", search)
    for key in KINDS[kind].keys:
        before = found.parameter("p").cell(key)
        found = found.with_cell("p", key, "something")
        assert found.is_changed
        found = found.with_cell("p", key, before)
    assert not found.is_changed
    assert found.search() == search
    assert [type(value) for value in vars(found.search().space["p"]).values()] == [
        type(value) for value in vars(search.space["p"]).values()
    ]


def test_a_search_with_everything_in_it_is_left_as_it_is():
    text = HILL + "scheduler: asha\nfloor: 0.1\npatience: 3\nseed: 7\nproject: wandb-only\ndescription: more\n"
    search = loads(text, "hill.yaml")
    assert Draft.of("hill", search).search() == search


@pytest.mark.parametrize(
    ("cell", "text", "attribute", "value"),
    [
        (("x", "min"), "-2", "min", -2.0),
        (("lr", "max"), "3e-1", "max", 0.3),
        (("batch", "values"), "[8, 128]", "values", (8, 128)),
        (("epochs", "value"), "5", "value", 5),
    ],
)
def test_a_cell_changes_its_distribution(cell, text, attribute, value):
    found = draft().with_cell(*cell, text)
    assert getattr(found.search().space[cell[0]], attribute) == value
    assert found.is_cell_changed(*cell)
    assert not found.is_cell_changed("x", "distribution")
    assert found.is_changed
    assert not found.untouched.is_changed


def test_the_baseline_is_changed_and_dropped():
    found = draft().with_cell("x", "baseline", "0.5")
    assert found.search().baseline == {"x": 0.5, "lr": 0.001, "batch": 32}
    for name in ("x", "lr", "batch"):
        found = found.with_cell(name, "baseline", "  ")
    assert found.search().baseline == {}


@pytest.mark.parametrize(
    ("cell", "text", "key", "words"),
    [
        (("x", "min"), "abc", "parameters.x.min", "'abc' is not a number"),
        (("x", "max"), "", "parameters.x.max", "missing; uniform needs min and max"),
        (("x", "max"), "-5", "parameters.x.min", "-1 is not below max -5"),
        (("lr", "min"), "0", "parameters.lr.min", "not above 0"),
        (("batch", "values"), "16,, 32", "parameters.batch.values", "is not a list"),
        (("batch", "values"), "", "parameters.batch.values", "missing"),
        (("x", "baseline"), "", "baseline.x", "missing; the baseline needs a value"),
    ],
)
def test_a_wrong_cell_is_named(cell, text, key, words):
    with pytest.raises(SearchError) as caught:
        draft().with_cell(*cell, text).search()
    assert caught.value.key == key
    assert words in caught.value.problem


@pytest.mark.parametrize(
    ("option", "text", "attribute", "value"),
    [
        ("trials", "12", "run_cap", 12),
        ("trials", "", "run_cap", None),
        ("concurrent", "", "concurrent", None),
        ("engine", "ray", "engine", "ray"),
        ("seed", "3", "seed", 3),
        ("seed", "", "seed", 0),
        ("note", "Is it [b]steep?", "note", "Is it [b]steep?"),
        ("note", "", "note", ""),
    ],
)
def test_a_field_changes_the_search(option, text, attribute, value):
    found = draft().with_option(option, text)
    assert getattr(found.search(), attribute) == value
    assert found.changed_options == ((option,) if text != "0" else ())


def test_cores_and_gpus_change_together():
    resources = draft().with_option("cpus", "2").with_option("gpus", "0.5").search().resources
    assert (resources.cpu, resources.gpu) == (2.0, 0.5)
    assert draft().with_option("gpus", "1").search().resources.cpu == 0.5
    assert draft().with_option("cpus", "").search().resources.cpu == 1.0


@pytest.mark.parametrize(
    ("option", "text", "key"),
    [
        ("trials", "0", "run_cap"),
        ("trials", "many", "run_cap"),
        ("trials", "1.5", "run_cap"),
        ("concurrent", "-1", "concurrent"),
        ("cpus", "-1", "resources.cpu"),
        ("gpus", "1.5", "resources.gpu"),
        ("seed", "x", "seed"),
        ("seed", "-1", "seed"),
    ],
)
def test_a_wrong_field_is_named(option, text, key):
    with pytest.raises(SearchError) as caught:
        draft().with_option(option, text).search()
    assert caught.value.key == key


def test_the_field_for_epochs_is_their_row():
    found = draft().with_option("epochs", "7")
    assert found.parameter("epochs").cell("value") == "7"
    assert found.option("epochs") == "7"
    assert found.search().fixed["epochs"] == 7
    assert found.changed_options == ("epochs",)


def test_epochs_that_vary_are_fixed_by_their_field():
    found = draft(
        HILL.replace("epochs: {value: 3}", "epochs: {min: 2, max: 8}").replace("batch: 32}", "batch: 32, epochs: 4}")
    )
    assert found.option("epochs") == ""
    fixed = found.with_option("epochs", "5")
    assert fixed.search().fixed["epochs"] == 5
    assert fixed.search().baseline["epochs"] == 5


def test_epochs_that_the_search_does_not_name_are_added():
    found = draft(HILL.replace("  epochs: {value: 3}\n", ""))
    assert found.option("epochs") == ""
    assert "epochs" not in found.search().space
    assert found.with_option("epochs", "0.5").search().fixed["epochs"] == 0.5
    with pytest.raises(SearchError) as caught:
        found.with_option("epochs", "x").search()
    assert caught.value.key == "parameters.epochs"


def test_a_parameter_is_fixed_at_its_baseline_and_freed_as_it_was():
    fixed = draft().with_fixed("lr")
    assert fixed.search().fixed["lr"] == 0.001
    assert fixed.search().baseline["lr"] == 0.001
    moved = fixed.with_cell("lr", "value", "0.002")
    assert moved.search().baseline["lr"] == 0.002
    freed = moved.with_freed("lr")
    assert freed.search() == draft().search()
    assert not freed.is_changed


@pytest.mark.parametrize(
    ("value", "kind", "texts"),
    [
        ("16", "int_uniform", ("8", "32")),
        ("1", "int_uniform", ("1", "2")),
        ("0", "int_uniform", ("0", "1")),
        ("0.001", "log_uniform_values", ("0.0001", "0.01")),
        ("-0.5", "uniform", ("-1", "-0.25")),
        ("adam", "categorical", ("adam",)),
        ("true", "categorical", ("true, false",)),
    ],
)
def test_a_constant_is_freed_to_a_range_around_it(value, kind, texts):
    found = draft().with_cell("epochs", "value", value).with_freed("epochs")
    row = found.parameter("epochs")
    assert row.kind == kind
    assert tuple(row.cell(key) for key in KINDS[kind].keys) == texts
    assert row.baseline == value
    assert found.search().space["epochs"].contains(text_value(value))


def test_without_a_baseline_nothing_asks_for_one():
    found = draft(HILL.replace("baseline: {x: 0.0, lr: 0.001, batch: 32}\n", ""))
    freed = found.with_freed("epochs")
    assert freed.parameter("epochs").baseline == ""
    assert freed.search().baseline == {}
    assert found.with_fixed("lr").search().fixed["lr"] == 1e-5


@pytest.mark.parametrize("name", ["x", "lr", "batch", "epochs"])
def test_every_distribution_that_is_offered_can_be_read(name):
    """Once round, and it is as it was."""
    found, seen = draft(), []
    while found.parameter(name).kind not in seen:
        seen.append(found.parameter(name).kind)
        found.search()
        found = found.with_next_kind(name)
    assert len(seen) >= 5
    assert found.parameter(name).kind == draft().parameter(name).kind
    assert found.search().space[name] == draft().search().space[name]


def test_only_what_fits_is_offered():
    def offered(row):
        found, seen = draft(f"{HEAD}parameters:\n  p: {row}\n"), []
        while found.parameter("p").kind not in seen:
            seen.append(found.parameter("p").kind)
            found = found.with_next_kind("p")
        return set(seen)

    listed = {"constant", "categorical", "categorical_w_probabilities"}
    assert offered("{values: [adam, sgd]}") == listed
    assert "log_uniform_values" not in offered("{min: -1.0, max: 1.0}")
    assert "int_uniform" not in offered("{min: 0.5, max: 1.0}")
    assert "beta" not in offered("{min: 0.5, max: 1.0}")
    assert "beta" in offered(ROWS["beta"])
    assert {"int_uniform", "log_uniform_values", "q_uniform"} <= offered("{min: 1, max: 64}")


def test_equal_shares_sum_to_one():
    found = draft().with_next_kind("batch")
    assert found.parameter("batch").kind == "categorical_w_probabilities"
    assert found.parameter("batch").cell("probabilities") == "0.333, 0.333, 0.334"
    assert found.search().space["batch"].probabilities == (0.333, 0.333, 0.334)


def test_an_unfinished_text_leaves_the_lists_to_choose_from():
    found = draft().with_cell("x", "min", "-").with_next_kind("x")
    assert found.parameter("x").kind == "constant"


def test_a_parameter_is_added_and_taken_out():
    found = draft().with_added("delay", "0.1")
    assert found.search().fixed["delay"] == 0.1
    assert found.is_cell_changed("delay", "value")
    assert not found.without("delay").is_changed
    taken = draft().without("x").search()
    assert "x" not in taken.space
    assert "x" not in taken.baseline


@pytest.mark.parametrize(("name", "words"), [("1x", "is no name"), ("x", "x is there already"), ("a b", "is no name")])
def test_a_parameter_needs_a_name_of_its_own(name, words):
    with pytest.raises(SearchError, match=words):
        draft().with_added(name, "1")
