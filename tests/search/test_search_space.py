"""Every distribution and quirk of the W&B sweep schema."""

from __future__ import annotations

import math
import random
import statistics
from pathlib import Path
from typing import Any

import pytest

from cockpit.search.errors import Place, SearchError
from cockpit.search.space import (
    Beta,
    Categorical,
    Constant,
    Distribution,
    IntUniform,
    InvLogUniformValues,
    LogNormal,
    LogUniformValues,
    Normal,
    QBeta,
    QLogNormal,
    QLogUniformValues,
    QNormal,
    QUniform,
    Uniform,
    Weighted,
)
from cockpit.search.space.parse import parse_parameter, parse_parameters
from cockpit.search.yaml_text import parse

HERE = Place(Path("s.yaml"))

CONFORMANCE: list[tuple[str, Distribution]] = [
    ("{value: 3}", Constant(3)),
    ("{value: null}", Constant(None)),
    ("{value: 1e-4}", Constant(0.0001)),
    ("{value: 2024-01-02}", Constant("2024-01-02")),
    ("{value: [64, 32]}", Constant([64, 32])),
    ("{value: '1e-4'}", Constant("1e-4")),
    ("{value: x, distribution: constant}", Constant("x")),
    ("{values: [a, b]}", Categorical(("a", "b"))),
    ("{values: [1e-4, 1E3, 2.5e0, .5e1]}", Categorical((0.0001, 1000.0, 2.5, 5.0))),
    ("{values: [a, 1], distribution: categorical}", Categorical(("a", 1))),
    ("{values: [a, b], probabilities: [0.25, 0.75]}", Weighted(("a", "b"), (0.25, 0.75))),
    ("{values: [a, b], probabilities: [1, 0], distribution: categorical}", Weighted(("a", "b"), (1.0, 0.0))),
    (
        "{values: [a, b], probabilities: [0.5, 0.5], distribution: categorical_w_probabilities}",
        Weighted(("a", "b"), (0.5, 0.5)),
    ),
    ("{min: 1, max: 10}", IntUniform(1, 10)),
    ("{min: 1, max: 10, distribution: int_uniform}", IntUniform(1, 10)),
    ("{min: 1, max: 10.0}", Uniform(1.0, 10.0)),
    ("{min: 1.0, max: 10}", Uniform(1.0, 10.0)),
    ("{min: 1e-4, max: 1e-2}", Uniform(0.0001, 0.01)),
    ("{min: '1e-4', max: 1}", Uniform(0.0001, 1.0)),
    ("{min: 1, max: 10, distribution: uniform}", Uniform(1.0, 10.0)),
    ("{min: 0, max: 10, distribution: q_uniform}", QUniform(0, 10, 1)),
    ("{min: 0, max: 1, q: 0.1, distribution: q_uniform}", QUniform(0, 1, 0.1)),
    ("{min: 1e-4, max: 1e-2, distribution: log_uniform_values}", LogUniformValues(0.0001, 0.01)),
    ("{min: 1, max: 100, q: 5, distribution: q_log_uniform_values}", QLogUniformValues(1, 100, 5)),
    ("{min: 1, max: 100, distribution: inv_log_uniform_values}", InvLogUniformValues(1.0, 100.0)),
    ("{distribution: normal}", Normal(0.0, 1.0)),
    ("{distribution: normal, mu: 2, sigma: 0}", Normal(2.0, 0.0)),
    ("{distribution: q_normal, mu: 2, sigma: 3}", QNormal(2.0, 3.0, 1)),
    ("{distribution: q_normal, q: 0.5}", QNormal(0.0, 1.0, 0.5)),
    ("{distribution: log_normal, sigma: 0.5}", LogNormal(0.0, 0.5)),
    ("{distribution: q_log_normal, q: 2}", QLogNormal(0.0, 1.0, 2)),
    ("{distribution: beta}", Beta(1.0, 1.0)),
    ("{distribution: beta, a: 2, b: 5}", Beta(2.0, 5.0)),
    ("{distribution: q_beta, a: 2, b: 5, q: 0.1}", QBeta(2.0, 5.0, 0.1)),
]

REFUSED: list[tuple[str, str, str]] = [
    ("3", "", "3 is not a mapping; for a fixed value write {value: 3}"),
    ("{}", "", "does not say what to try; give value, values, min and max, or distribution"),
    ("{min: 64, max: 8}", ".min", "64 is not below max 8; swap them"),
    ("{min: 8, max: 8}", ".min", "8 equals max; for a fixed value write value: 8"),
    ("{min: 8}", ".max", "missing; int_uniform needs min and max"),
    ("{max: 8.5}", ".min", "missing; uniform needs min and max"),
    ("{min: true, max: 8}", ".min", "True is not a whole number"),
    ("{min: a, max: 8}", ".min", "'a' is not a number"),
    ("{min: .nan, max: 8}", ".min", "nan is not a finite number"),
    ("{min: 0, max: .inf}", ".max", "inf is not a finite number"),
    ("{min: 0, max: 1e999}", ".max", "inf is not a finite number"),
    ("{min: 0, max: 9223372036854775808}", ".max", "9223372036854775808 does not fit in 64 bits"),
    ("{min: 1, max: 10.0, distribution: int_uniform}", ".max", "10.0 is not a whole number"),
    (
        "{min: 0, max: 1, distribution: log_uniform_values}",
        ".min",
        "0 is not above 0, which a logarithmic scale needs",
    ),
    ("{min: 0, max: 1, q: 0, distribution: q_uniform}", ".q", "0 is not above 0"),
    (
        "{min: 0.001, max: 0.1, distribution: q_log_uniform_values}",
        ".q",
        "1 rounds every value to 0; choose a smaller q",
    ),
    (
        "{min: 0.0, max: 1.0, q: 0.1}",
        ".q",
        "belongs to q_uniform, q_log_uniform_values, q_normal, q_log_normal, q_beta, not to uniform; "
        "allowed: distribution, min, max",
    ),
    ("{mu: 1}", ".mu", "needs a distribution beside it: normal, q_normal, log_normal, q_log_normal"),
    (
        "{mim: 0, max: 8}",
        ".mim",
        "unknown key (did you mean min?); allowed: distribution, min, max",
    ),
    ("{value: 1, values: [1]}", ".values", "belongs to categorical, categorical_w_probabilities, not to constant"),
    ("{values: []}", ".values", "the list is empty; give at least one value"),
    ("{values: 3}", ".values", "3 is not a list; write [3]"),
    ("{value: !!timestamp 2024-01-02}", ".value", "datetime.date(2024, 1, 2) cannot be a value; use text, numbers,"),
    ("{values: [!!set {a}]}", ".values", "{'a'} cannot be a value"),
    ("{values: [1, .nan]}", ".values", "nan cannot be a value"),
    ("{values: [1, 2], probabilities: [1.0]}", ".probabilities", "1 probabilities for 2 values; give one for each"),
    ("{values: [1, 2], probabilities: [0.5, 0.4]}", ".probabilities", "they sum to 0.9, not to 1"),
    ("{values: [1, 2], probabilities: [1.5, -0.5]}", ".probabilities", "-0.5 is below 0"),
    ("{distribution: normal, sigma: -1}", ".sigma", "-1.0 is below 0"),
    ("{distribution: log_normal, mu: 1000}", "", "log_normal with these settings reaches beyond the largest number"),
    ("{distribution: beta, a: 0}", ".a", "0 is not above 0"),
    ("{distribution: unifrom, min: 0, max: 1}", ".distribution", "'unifrom' is not known (did you mean uniform?)"),
    (
        "{distribution: log_uniform, min: -5, max: 0}",
        ".distribution",
        "log_uniform is deprecated, since its min and max are exponents of e; use log_uniform_values, "
        "whose min and max are the values themselves",
    ),
    ("{distribution: q_log_uniform, min: -5, max: 0}", ".distribution", "q_log_uniform is deprecated"),
    ("{distribution: inv_log_uniform, min: -5, max: 0}", ".distribution", "inv_log_uniform is deprecated"),
]

SAMPLED = [found for _, found in CONFORMANCE if found.kind not in ("constant", "categorical")]


def read(text: str) -> Any:
    return parse(text, HERE.path)[0]


@pytest.mark.parametrize(("text", "expected"), CONFORMANCE, ids=[text for text, _ in CONFORMANCE])
def test_conformance(text: str, expected: Distribution) -> None:
    found = parse_parameter(HERE, read(text))
    assert found == expected and type(found) is type(expected)
    assert parse_parameter(HERE, found.to_mapping()) == found


@pytest.mark.parametrize(("text", "key", "problem"), REFUSED, ids=[text for text, _, _ in REFUSED])
def test_refused(text: str, key: str, problem: str) -> None:
    with pytest.raises(SearchError) as caught:
        parse_parameter(HERE.at("parameters").at("s"), read(text))
    assert str(caught.value).startswith(f"s.yaml: parameters.s{key}: {problem}")
    assert "\n" not in str(caught.value)


def test_nested_parameters_become_dotted_names() -> None:
    text = "{opt: {parameters: {lr: {value: 1}, inner: {parameters: {b: {value: 2}}}}}, x: {value: 3}}"
    space, places = parse_parameters(HERE, read(text))
    assert space == {"opt.lr": Constant(1), "opt.inner.b": Constant(2), "x": Constant(3)}
    assert places["opt.inner.b"].key == "opt.parameters.inner.parameters.b"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{a.b: {value: 1}, a: {parameters: {b: {value: 2}}}}", "a.parameters.b: the parameter a.b stands here twice"),
        ("{a: {parameters: {b: {value: 2}}, value: 1}}", "a.value: unknown key; allowed: parameters"),
        ("{1a: {value: 2}}", "1a: not a parameter name"),
        ("{a: {parameters: {}}}", "a.parameters: no parameter is given; name at least one"),
        ("[]", "[] is not a mapping of keys to values"),
    ],
)
def test_refused_parameters(text: str, problem: str) -> None:
    with pytest.raises(SearchError) as caught:
        parse_parameters(HERE, read(text))
    assert str(caught.value).startswith(f"s.yaml: {problem}")


@pytest.mark.parametrize("found", SAMPLED, ids=repr)
def test_samples_are_within_bounds_quantised_and_monotone(found: Distribution) -> None:
    rng = random.Random(7)
    points = sorted([2.0**-53, 1 - 2.0**-53, *(rng.uniform(1e-9, 1 - 1e-9) for _ in range(500))])
    samples = [found.sample(u) for u in points]
    assert samples == [found.sample(u) for u in points]
    assert all(found.contains(value) for value in samples)
    if isinstance(found, Weighted):
        return
    assert samples == sorted(samples)
    assert all(math.isfinite(value) for value in samples)
    assert not found.whole() or all(value == int(value) for value in samples)
    q = getattr(found, "q", None)
    if q is not None:
        assert all(math.isclose(value / q, round(value / q), abs_tol=1e-9) for value in samples)
        assert all(isinstance(value, int) for value in samples) == isinstance(q, int)


@pytest.mark.parametrize(
    ("found", "u", "value"),
    [
        (Uniform(0.0, 10.0), 0.25, 2.5),
        (Uniform(-1.7e308, 1.7e308), 0.5, 0.0),
        (QUniform(0, 10, 3), 0.99, 9),
        (QUniform(0, 10, 4), 0.99, 8),
        (QUniform(0, 20, 4), 0.5, 8),  # 10 / 4 is 2.5, half to even
        (QUniform(2, 7, 5), 0.01, 0),  # W&B quantises without looking at the bounds
        (LogUniformValues(1.0, 100.0), 0.5, 10.0),
        (InvLogUniformValues(1.0, 100.0), 0.25, 10**0.5),
        (QLogUniformValues(1, 100, 4), 0.45, 8),  # 7.9
        (IntUniform(1, 4), 0.24, 1),
        (IntUniform(1, 4), 0.26, 2),
        (IntUniform(1, 4), 0.999, 4),
        (Normal(1.0, 2.0), 0.5, 1.0),
        (Normal(0.0, 1.0), 0.975, 1.959963984540054),
        (LogNormal(0.0, 1.0), 0.5, 1.0),
        (QNormal(0.0, 10.0, 5), 0.975, 20),
        (QLogNormal(0.0, 1.0, 2), 0.975, 8),  # exp(1.96) is 7.1
        (Beta(2.0, 1.0), 0.25, 0.5),
        (QBeta(2.0, 1.0, 0.2), 0.25, 0.4),
        (Weighted(("a", "b", "c"), (0.0, 0.25, 0.75)), 0.2, "b"),
        (Weighted(("a", "b", "c"), (0.25, 0.75, 0.0)), 0.9999, "b"),
        (Categorical(("a", "b")), 0.51, "b"),
        (Constant([1]), 0.3, [1]),
    ],
)
def test_samples_by_hand(found: Distribution, u: float, value: object) -> None:
    assert found.sample(u) == (pytest.approx(value) if isinstance(value, float) else value)


def test_normal_has_its_mean_and_deviation() -> None:
    samples = [Normal(3.0, 2.0).sample((k + 0.5) / 1000) for k in range(1000)]
    assert statistics.fmean(samples) == pytest.approx(3.0)
    assert statistics.pstdev(samples) == pytest.approx(2.0, rel=0.01)


@pytest.mark.parametrize(
    ("found", "values"),
    [
        (Constant(1), [1]),
        (Categorical((3, 1)), [3, 1]),
        (IntUniform(1, 4), [1, 2, 3, 4]),
        (QUniform(0, 10, 5), [0, 5]),
        (QUniform(0, 11, 5), [0, 5, 10]),
        (QUniform(1.0, 2.0, 0.25), [1.0, 1.25, 1.5, 1.75]),
        (Uniform(0.0, 1.0), None),
        (LogUniformValues(1.0, 2.0), None),
        (QLogUniformValues(1, 9, 1), None),
        (Normal(), None),
        (QBeta(), None),
        (Weighted((1,), (1.0,)), None),
    ],
)
def test_grid(found: Distribution, values: list[object] | None) -> None:
    grid = found.grid()
    assert (None if grid is None else list(grid)) == values


@pytest.mark.parametrize(
    ("found", "inside", "outside"),
    [
        (Constant(3), [3, 3.0], [True, "3", None, 4]),
        (Categorical((1, True, "a")), [1.0, True, "a"], [0, False, "1"]),
        (Weighted((1, 2), (1.0, 0.0)), [1], [2]),
        (IntUniform(1, 4), [1, 4, 2.0], [0, 5, 2.5, True, "2", math.nan, math.inf]),
        (Uniform(0.0, 1.0), [0, 0.5, 1], [-0.1, 1.1, None]),
        (QUniform(0, 1, 0.1), [0.3, 0.30000000000000004], [0.35, 1.1]),
        (LogNormal(), [0.1], [0.0, -1]),
        (QLogNormal(), [0, 3], [0.5, -1]),
        (Normal(), [-5, 5.5], [math.nan, "x"]),
        (Beta(), [0, 1], [1.5]),
        (QBeta(q=0.5), [0.5], [0.25]),
    ],
)
def test_contains(found: Distribution, inside: list[object], outside: list[object]) -> None:
    assert all(found.contains(value) for value in inside)
    assert not any(found.contains(value) for value in outside)
