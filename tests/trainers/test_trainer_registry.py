from __future__ import annotations

import math
import sys
import types
from dataclasses import dataclass, field

import numpy as np
import pytest

from trainers import registry
from trainers.contract import InputError, Trainer, TrainerConfig, option


@dataclass(frozen=True)
class Inner:
    s: float = option(32.0, "scale", low=1.0, high=64.0)
    kind: str = option("arc", "kind", choices=("arc", "ada"))


@dataclass(frozen=True, kw_only=True)
class SampleConfig(TrainerConfig):
    count: int = option(3, "a count", low=0, steerable=True)
    rate: float | None = option(None, "a rate", low=0.0, high=1.0)
    flag: bool = option(False, "a flag")
    word: str = option("w", "a word")
    inner: Inner = field(default_factory=Inner)


SAMPLE = Trainer("sample", "for tests", SampleConfig, {"loss": "minimize"}, "nowhere:train")


def build(**values: object) -> SampleConfig:
    config = registry.build_config(SAMPLE, {key.replace("__", "."): value for key, value in values.items()})
    assert isinstance(config, SampleConfig)
    return config


def test_names_are_the_config_modules_in_order() -> None:
    assert registry.names() == sorted(registry.names())
    assert {"matching", "toy"} <= set(registry.names())


def test_find_returns_the_trainer_of_that_name() -> None:
    assert registry.find("toy").name == "toy"


def test_find_takes_a_dotted_module_with_a_trainer(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("mine.trainer")
    module.TRAINER = SAMPLE  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "mine", types.ModuleType("mine"))
    monkeypatch.setitem(sys.modules, "mine.trainer", module)
    assert registry.find("mine.trainer") is SAMPLE


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("toyy", ["'toyy'", "did you mean 'toy'", "matching"]),
        ("zzz", ["'zzz'", "there are: ", "matching", "toy"]),
        ("os.path", ["no TRAINER"]),
        ("no.such.module", ["cannot be imported"]),
    ],
)
def test_find_refuses_unknown_names_in_one_line(name: str, words: list[str]) -> None:
    with pytest.raises(InputError) as refusal:
        registry.find(name)
    assert "\n" not in str(refusal.value)
    assert all(word in str(refusal.value) for word in words)


@pytest.mark.parametrize(
    ("key", "given", "expected"),
    [
        ("count", 5, 5),
        ("count", "5", 5),
        ("count", 5.0, 5),
        ("count", "1e2", 100),
        ("count", np.int64(7), 7),
        ("count", 2**60 + 1, 2**60 + 1),
        ("count", str(2**60 + 1), 2**60 + 1),
        ("rate", "1e-4", 1e-4),
        ("rate", 1, 1.0),
        ("rate", np.float32(0.5), 0.5),
        ("rate", None, None),
        ("rate", "none", None),
        ("rate", "", None),
        ("flag", "true", True),
        ("flag", "No", False),
        ("flag", 1, True),
        ("word", "text", "text"),
        ("word", 7, "7"),
        ("epochs", "0.1", 0.1),
    ],
)
def test_values_are_brought_to_the_type_of_their_field(key: str, given: object, expected: object) -> None:
    value = getattr(build(**{key: given}), key)
    assert value == expected
    assert type(value) is type(expected)


def test_nested_settings_have_dotted_names_or_nested_mappings() -> None:
    assert build(inner__s="8").inner == Inner(s=8.0)
    assert build(inner={"s": 8, "kind": "ada"}).inner == Inner(8.0, "ada")
    assert build().inner == Inner()


@pytest.mark.parametrize(
    ("key", "given", "allowed"),
    [
        ("count", 2.5, "a whole number of at least 0"),
        ("count", "many", "a whole number"),
        ("count", True, "a whole number"),
        ("count", -1, "at least 0"),
        ("count", None, "a whole number"),
        ("rate", 1.5, "a number from 0 to 1 or none"),
        ("rate", "nan", "a number from 0 to 1"),
        ("rate", math.inf, "a number from 0 to 1"),
        ("rate", True, "a number"),
        ("rate", [0.1], "a number"),
        ("rate", "1" * 500, "a number"),
        ("flag", "maybe", "true or false"),
        ("flag", 2, "true or false"),
        ("word", True, "text"),
        ("word", None, "text"),
        ("inner.s", 65, "a number from 1 to 64"),
        ("inner.kind", "soft", "one of arc, ada"),
    ],
)
def test_unfit_values_are_refused_with_key_value_and_what_is_allowed(key: str, given: object, allowed: str) -> None:
    with pytest.raises(InputError) as refusal:
        registry.build_config(SAMPLE, {key: given})
    message = str(refusal.value)
    assert key in message
    assert allowed in message
    assert repr(given)[:20] in message
    assert "\n" not in message
    assert len(message) < 300


def test_an_unknown_parameter_is_refused_with_the_closest_and_all_names() -> None:
    with pytest.raises(
        InputError, match=r"sample has no parameter 'coumt' \(did you mean 'count'\?\); there are: data"
    ):
        build(coumt=1)
    with pytest.raises(InputError, match="no parameter 'inner'"):
        build(inner=3)


def test_value_of_checks_one_setting() -> None:
    assert registry.value_of(SAMPLE, "inner.s", "2") == 2.0
    with pytest.raises(InputError):
        registry.value_of(SAMPLE, "inner.s", 0)


def test_fields_tell_type_default_help_bounds_choices_and_steering() -> None:
    known = registry.fields(SAMPLE)
    assert list(known)[:3] == ["data", "epochs", "seed"]
    assert (known["count"].type, known["count"].default, known["count"].help) == ("int", 3, "a count")
    assert (known["inner.s"].low, known["inner.s"].high) == (1.0, 64.0)
    assert known["inner.kind"].choices == ("arc", "ada")
    assert known["count"].steerable
    assert not known["rate"].steerable
    assert known["rate"].optional


def test_a_config_field_of_an_unknown_kind_is_the_authors_mistake() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Wrong(TrainerConfig):
        sizes: tuple[int, ...] = option((1, 2), "sizes")

    with pytest.raises(TypeError, match="sizes"):
        registry.fields(Trainer("wrong", "", Wrong, {}, "nowhere:train"))


def test_load_recipe_imports_the_named_function() -> None:
    from trainers.toy import train

    assert registry.load_recipe(registry.find("toy")) is train
