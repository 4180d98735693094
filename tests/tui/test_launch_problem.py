"""What is wrong finds its cell or its field, whoever says it."""

import pytest
from test_launch_draft import HILL, draft

from cockpit.search.errors import SearchError
from cockpit.search.reader import loads
from cockpit.tui.launch.draft import Draft
from cockpit.tui.launch.problem import Problem, Spot, problem_in, problem_of, spot_of


@pytest.mark.parametrize(
    ("key", "spot"),
    [
        ("parameters.x.min", Spot("x", "min")),
        ("parameters.x.max", Spot("x", "max")),
        ("parameters.x", Spot("x", "distribution")),
        ("parameters.x.distribution", Spot("x", "distribution")),
        ("parameters.x.q", Spot("x", "min")),
        ("parameters.batch.values", Spot("batch", "values")),
        ("parameters.epochs", Spot("epochs", "value", "epochs")),
        ("parameters.epochs.value", Spot("epochs", "value", "epochs")),
        ("baseline.lr", Spot("lr", "baseline")),
        ("run_cap", Spot(option="trials")),
        ("concurrent", Spot(option="concurrent")),
        ("resources.cpu", Spot(option="cpus")),
        ("resources.gpu", Spot(option="gpus")),
        ("seed", Spot(option="seed")),
        ("engine", Spot(option="engine")),
        ("note", Spot(option="note")),
        ("parameters.nobody.min", None),
        ("baseline.nobody", None),
        ("scheduler", None),
        ("metric.name", None),
        ("", None),
    ],
)
def test_a_key_of_the_file_has_its_spot(key, spot):
    assert spot_of(key, draft()) == spot


def test_dotted_names_are_told_apart():
    text = HILL.replace("  x: {min: -1.0, max: 1.0}\n", "  x: {min: -1.0, max: 1.0}\n  x.min: {min: 1, max: 2}\n")
    found = Draft.of("hill", loads(text.replace("{x: 0.0,", "{x: 0.0, x.min: 1,"), "hill.yaml"))
    assert spot_of("parameters.x.min.max", found) == Spot("x.min", "max")
    assert spot_of("parameters.x.max", found) == Spot("x", "max")
    assert spot_of("baseline.x.min", found) == Spot("x.min", "baseline")


def test_epochs_without_a_row_have_their_field():
    found = draft(HILL.replace("  epochs: {value: 3}\n", ""))
    assert spot_of("parameters.epochs", found) == Spot(option="epochs")


@pytest.mark.parametrize(
    ("message", "problem"),
    [
        (
            "searches/hill.yaml:12: parameters.lr.min: 1e-9 is below 1e-8, the least that lr allows",
            Problem("1e-9 is below 1e-8, the least that lr allows", Spot("lr", "min")),
        ),
        (
            "/tmp/a b/draft.yaml: baseline.x: 'abc' is not a number",
            Problem("'abc' is not a number", Spot("x", "baseline")),
        ),
        (
            "searches/hill.yaml: resources.gpu: a trial wants 1 GPUs and this machine has 0; ask for less",
            Problem("a trial wants 1 GPUs and this machine has 0; ask for less", Spot(option="gpus")),
        ),
        (
            "Invalid value for '--epochs': 'x' is not a number from 0 up; see `cockpit sweep --help`",
            Problem(
                "Invalid value for '--epochs': 'x' is not a number from 0 up; see `cockpit sweep --help`",
                Spot("epochs", "value", "epochs"),
            ),
        ),
        (
            "/nowhere/train.csv does not exist: --data needs a folder with train.csv and images/",
            Problem(
                "/nowhere/train.csv does not exist: --data needs a folder with train.csv and images/",
                Spot(option="data"),
            ),
        ),
        ("batch = 7 is not allowed: give 8", Problem("batch = 7 is not allowed: give 8", Spot("batch", "values"))),
        ("device cuda is not available", Problem("device cuda is not available", Spot(option="device"))),
        ("searches/hill.yaml: scheduler: no", Problem("scheduler: no", None)),
        ("KeyError: 'x'; the traceback is in …", Problem("KeyError: 'x'; the traceback is in …", None)),
        ("", Problem("", None)),
    ],
)
def test_what_another_process_says_finds_its_spot(message, problem):
    assert problem_in(message, draft()) == problem


def test_a_complaint_about_the_data_folder_finds_its_field():
    found = draft().with_option("data", "pictures")
    assert problem_in("pictures/train.csv: row 3 has no label; fill it in", found).spot == Spot(option="data")
    assert problem_in("pictures/train.csv: row 3 has no label; fill it in", draft()).spot is None


def test_what_has_no_spot_keeps_its_place_in_words():
    place = loads(HILL, "hill.yaml").place
    assert problem_of(place.at("scheduler").error("no"), draft()) == Problem("hill.yaml:1: scheduler: no")
    assert problem_of(place.at("seed").error("no"), draft()) == Problem("no", Spot(option="seed"))
    assert problem_of(SearchError("no"), draft()) == Problem("no")
