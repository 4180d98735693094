"""Rows of the norm table are found by the names of parameters, whatever a model was wrapped in."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from trainers import registry
from trainers.contract import InputError
from trainers.norm_names import MOST_ROWS, OTHER, check_rows, parameter_names, plain_names, rows_of

NAMES = ["encoder.layers.0.attn.weight", "encoder.layers.0.attn.bias", "encoder.layers.1.mlp.weight", "head.bias", "s"]


@pytest.mark.parametrize(
    ("wrapped", "plain"),
    [
        (["_orig_mod.a.weight", "_orig_mod.b"], ["a.weight", "b"]),
        (["module.a.weight", "module.b"], ["a.weight", "b"]),
        (["module._orig_mod.a._orig_mod.weight", "module._orig_mod.b"], ["a.weight", "b"]),
        (["_orig_mod.module.a.weight"], ["a.weight"]),
        (["_fsdp_wrapped_module.a._checkpoint_wrapped_module.weight"], ["a.weight"]),
        (["module.weight", "other.weight"], ["module.weight", "other.weight"]),
        (["module"], ["module"]),
        ([], []),
    ],
)
def test_what_wraps_a_model_is_not_in_its_names(wrapped: list[str], plain: list[str]) -> None:
    assert plain_names(wrapped) == plain


@pytest.mark.parametrize(
    ("of", "rows"),
    [
        ("layers", {"encoder.layers.0.attn": [0, 1], "encoder.layers.1.mlp": [2], "head": [3], "s": [4]}),
        ("layers:1", {"encoder": [0, 1, 2], "head": [3], "s": [4]}),
        (" layers:3 ", {"encoder.layers.0": [0, 1], "encoder.layers.1": [2], "head": [3], "s": [4]}),
        ("head encoder", {"encoder": [0, 1, 2], "head": [3], OTHER: [4]}),
        (r"bias$,layers\.\d{1,2}\.", {r"layers\.\d{1,2}\.": [0, 2], "bias$": [1, 3], OTHER: [4]}),
    ],
)
def test_rows_are_layers_or_what_expressions_find_first(of: str, rows: dict[str, list[int]]) -> None:
    assert rows_of(NAMES, of) == rows
    check_rows(of)


def test_a_model_of_thousands_of_layers_has_no_thousands_of_rows() -> None:
    rows = rows_of([f"layer{number}.weight" for number in range(1_000)], "layers")
    assert len(rows) == MOST_ROWS
    assert len(rows[OTHER]) == 1_000 - MOST_ROWS + 1


@pytest.mark.parametrize("of", ["(", "head [", "*"])
def test_what_is_no_expression_is_refused_with_the_settings(of: str) -> None:
    with pytest.raises(InputError, match=r"norms_of has .* no regular expression") as caught:
        registry.build_config(registry.find("xnli"), {"norms_of": of})
    assert "\n" not in str(caught.value)


def test_shared_weights_have_one_name() -> None:
    model = nn.ModuleDict({"first": nn.Linear(2, 2), "second": nn.Linear(2, 2)})
    model["second"].weight = model["first"].weight
    assert list(parameter_names(model).values()) == ["first.weight", "first.bias", "second.bias"]
    assert list(parameter_names(torch.compile(model, backend="eager")).values()) == list(
        parameter_names(model).values()
    )  # type: ignore[arg-type]
    assert parameter_names(None) == {}
