"""Population based training: who copies whom, what changes, and that nothing leaves the space."""

from __future__ import annotations

from typing import Any

import pytest
from test_search_reader import HEAD

from cockpit.search.errors import SearchError
from cockpit.search.explore import explored
from cockpit.search.pbt import Pbt, mutable_parameters
from cockpit.search.population import Mutation, Population
from cockpit.search.reader import loads
from cockpit.search.space import (
    Beta,
    Categorical,
    Distribution,
    IntUniform,
    LogUniformValues,
    Normal,
    QLogUniformValues,
    QUniform,
    Uniform,
    Weighted,
)
from cockpit.search.spec import Search

TAIL = "  lr: {distribution: log_uniform_values, min: 1e-4, max: 1.0}\n  width: {values: [8, 16]}\nscheduler: pbt\n"


def searched(tail: str = "pbt: {parameters: [x, lr]}\n") -> Search:
    return loads(HEAD + TAIL + tail)


def population(size: int, *, search: Search | None = None, files: Any = None, **keys: Any) -> Population:
    """Trials t000 … whose value at evaluation 1 is a hundredth of their number."""
    saved = {f"t{number:03d}": f"{number}.pt" for number in range(size)} if files is None else files
    found = Population(search or searched(), ("x", "lr"), saved.get, **keys)
    for number in range(size):
        found.on_start(f"t{number:03d}", {"x": number / size, "lr": 0.01, "width": 8 if number % 2 else 16})
    rising = (search or searched()).metric.goal == "maximize"
    for number in range(size) if rising else reversed(range(size)):  # each is the best so far
        assert found.on_evaluation(f"t{number:03d}", 1, number / 100) is None
    return found


def test_the_worst_copies_one_of_the_best_and_moves_on_from_its_settings() -> None:
    found = population(8)
    change = found.on_evaluation("t001", 2, 0.015)
    assert isinstance(change, Mutation)
    assert (change.trial, change.source in ("t006", "t007"), change.rank, change.of) == ("t001", True, 7, 8)
    number = int(change.source[1:])
    assert change.checkpoint == f"{number}.pt"
    assert (change.value, change.threshold, change.evaluation) == (0.015, number / 100, 2)
    old_width, source_width = 8, 8 if number % 2 else 16
    assert change.config["width"] == source_width  # what the checkpoint was made with
    assert 0.0 <= change.config["x"] <= 1.0 and change.config["x"] not in (1 / 8, number / 8)
    assert set(change.changed) == {"x", "lr"} | ({"width"} if source_width != old_width else set())
    assert change.changed["lr"] == (0.01, change.config["lr"])
    begin = f"pbt at evaluation 2: 0.0150 < {number / 100:.4f} (7th of 8); copies {change.source} with x 0.125 → "
    assert change.why.startswith(begin)


def test_the_same_calls_give_the_same_decisions_and_another_seed_others() -> None:
    one, again = (population(8).on_evaluation("t000", 2, 0.0) for _ in range(2))
    assert one == again
    other = population(8, search=searched().with_overrides(seed=5)).on_evaluation("t000", 2, 0.0)
    assert one is not None and other is not None and one.config != other.config


@pytest.mark.parametrize(
    ("trial", "evaluation", "value", "final"),
    [
        ("t004", 2, 0.04, False),  # in the middle
        ("t007", 2, 0.07, False),  # the best
        ("t000", 2, 0.09, False),  # came up meanwhile
        ("t000", 2, 0.00, True),  # nothing would be left to train
        ("t000", 1, 0.00, False),  # decided already
        ("t900", 2, 0.00, False),  # unknown
    ],
)
def test_who_is_left_alone(trial: str, evaluation: int, value: float, final: bool) -> None:
    assert population(8).on_evaluation(trial, evaluation, value, final=final) is None


def test_intervals_are_counted_from_the_last_decision() -> None:
    found = population(4, search=searched("pbt: {interval: 2, parameters: [x, lr]}"))
    for number in range(4):
        found.on_evaluation(f"t{number:03d}", 2, number / 100)
    assert found.on_evaluation("t000", 3, 0.0) is None
    assert found.on_evaluation("t000", 4, 0.0) is not None
    assert found.on_evaluation("t000", 3, 0.0) is None  # the copied checkpoint was from before


def test_trials_without_checkpoint_exempt_or_ended_are_not_copied() -> None:
    assert population(4, files={}).on_evaluation("t000", 2, 0.0) is None
    change = population(8, files={"t006": "6.pt"}).on_evaluation("t000", 2, 0.0)
    assert change is not None and change.source == "t006"
    found = population(4)
    found.on_end("t003")
    change = found.on_evaluation("t000", 2, 0.0)
    assert change is not None and change.source == "t002" and change.of == 3
    found = population(4, exempt=("t000",))
    assert found.on_evaluation("t000", 2, -5.0) is None
    change = found.on_evaluation("t001", 2, -4.0)
    assert change is not None and change.of == 3


def test_two_trials_are_a_population_and_one_is_none() -> None:
    assert population(2).on_evaluation("t000", 2, 0.0) is not None
    assert population(1).on_evaluation("t000", 2, 0.0) is None
    equals = population(2)
    assert equals.on_evaluation("t000", 2, 0.01) is None


def test_what_is_not_a_number_is_the_worst_and_never_copied() -> None:
    found = population(2)
    change = found.on_evaluation("t001", 2, float("nan"))
    assert change is not None and change.source == "t000"
    assert change.why.startswith("pbt at evaluation 2: nan against 0.0000 (2nd of 2); copies t000")


def test_less_is_better_where_the_metric_says_so() -> None:
    search = loads(searched().to_yaml().replace("maximize", "minimize"))
    change = population(4, search=search).on_evaluation("t003", 2, 0.5)
    assert change is not None and change.source == "t000" and "0.5000 > 0.0000 (4th of 4)" in change.why


SPACE: dict[str, tuple[Distribution, list[Any]]] = {
    "uniform": (Uniform(-1.0, 1.0), [-1.0, -0.9, 0.0, 0.5, 1.0]),
    "log": (LogUniformValues(1e-5, 1e-1), [1e-5, 1e-3, 1e-1]),
    "int": (IntUniform(0, 5), [0, 1, 3, 5]),
    "q": (QUniform(0.0, 1.0, 0.25), [0.0, 0.25, 1.0]),
    "q log": (QLogUniformValues(8, 64, 8), [8, 16, 64]),
    "normal": (Normal(0.0, 2.0), [-1.0, 0.0, 3.0]),
    "beta": (Beta(2.0, 2.0), [0.0, 0.9, 1.0]),
    "words": (Categorical(("a", None, True)), ["a", None, True]),
    "lists": (Categorical(([1], [2, 3])), [[1], [2, 3]]),
    "one": (Categorical((7,)), [7]),
    "weighted": (Weighted(("a", "never", "b"), (0.5, 0.0, 0.5)), ["a", "b"]),
    "stranger": (Uniform(1.0, 2.0), [5.0, "a", None]),
}


@pytest.mark.parametrize("kind", SPACE)
def test_exploring_stays_in_the_space_and_moves_where_it_can(kind: str) -> None:
    distribution, values = SPACE[kind]
    for value in values:
        found = [explored({"p": distribution}, {"p": value}, 0.0, 0, index, "k")["p"] for index in range(20)]
        assert all(distribution.contains(new) for new in found)
        assert kind == "one" or not any(new == value and type(new) is type(value) for new in found)


def test_numbers_move_by_a_fifth_and_choices_by_one() -> None:
    def reached(distribution: Distribution, value: Any) -> set[Any]:
        return {explored({"p": distribution}, {"p": value}, 0.0, 0, index, "k")["p"] for index in range(40)}

    assert reached(Uniform(0.0, 10.0), 5.0) == {4.0, 6.0}
    assert reached(Uniform(0.0, 5.5), 5.0) == {4.0, 5.5}
    assert reached(Uniform(0.0, 5.0), 5.0) == {4.0}
    assert reached(Uniform(-5.0, 5.0), -5.0) == {-4.0}
    assert reached(IntUniform(1, 100), 50) == {40, 60}
    assert reached(IntUniform(1, 100), 2) == {1, 3}
    assert reached(QUniform(0.0, 1.0, 0.25), 0.5) == {0.25, 0.75}
    assert reached(Categorical((1, 64, 8, 16)), 16) == {8, 64}
    assert reached(Categorical(("a", "b", "c")), "c") == {"b"}


def test_a_quarter_is_drawn_anew() -> None:
    found = [explored({"p": Uniform(0.0, 10.0)}, {"p": 5.0}, 0.25, 1, index, "k")["p"] for index in range(400)]
    assert 70 < sum(new not in (4.0, 6.0) for new in found) < 130


def test_what_may_change_is_varied_and_steerable() -> None:
    assert mutable_parameters(searched(""), ("lr", "momentum")) == ("lr",)
    assert mutable_parameters(searched("pbt: {parameters: [x]}"), ("lr", "x")) == ("x",)
    with pytest.raises(SearchError) as caught:
        mutable_parameters(searched(""), ("momentum",))
    assert str(caught.value) == (
        "search.yaml:1: pbt.parameters: nothing to change: vary one of momentum, which can change while a trial runs"
    )
    with pytest.raises(SearchError, match="width cannot change while a trial runs; allowed: lr"):
        mutable_parameters(searched("pbt: {parameters: [lr, width]}"), ("lr",))


def test_settings_are_read_and_written() -> None:
    search = loads(HEAD + "pbt: {interval: 3, quantile: 0.5, resample: 0, parameters: [x]}")
    assert (search.scheduler, search.pbt) == ("pbt", Pbt(3, 0.5, 0.0, ("x",)))
    assert loads(search.to_yaml()) == search
    assert loads(HEAD + "scheduler: pbt").pbt == Pbt()
    assert loads(HEAD).pbt is None


@pytest.mark.parametrize(
    ("tail", "problem"),
    [
        ("pbt: {interval: 0}", "6: pbt.interval: 0 is below 1"),
        ("pbt: {quantile: 0.6}", "6: pbt.quantile: 0.6 is not from 0 to 0.5"),
        ("pbt: {resample: -1}", "6: pbt.resample: -1 is not from 0 to 1"),
        ("pbt: {intervall: 1}", "6: pbt.intervall: unknown key (did you mean interval?)"),
        ("pbt: {parameters: []}", "6: pbt.parameters: the list is empty"),
        ("pbt:\n  parameters:\n  - x\n  - y", "9: pbt.parameters.1: y is not a parameter that varies"),
        ("pbt: {}\nscheduler: asha", "7: scheduler: asha contradicts pbt"),
        ("pbt: {}\nearly_terminate: {type: asha}", "1: scheduler: asha contradicts pbt"),
    ],
)
def test_settings_that_cannot_be(tail: str, problem: str) -> None:
    with pytest.raises(SearchError) as caught:
        loads(HEAD + tail)
    assert str(caught.value).startswith(f"search.yaml:{problem}")


def test_no_sampler_learns_from_trials_that_change() -> None:
    with pytest.raises(SearchError, match=r":6: scheduler: pbt changes the parameters of trials while they run"):
        loads(HEAD.replace("random", "bayes") + "scheduler: pbt")
