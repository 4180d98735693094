"""Searches with a secret in them are refused before anything is recorded, with the place and never with the secret."""

from __future__ import annotations

import pytest

from cockpit.search.discretion import kinds_in, refuse_secrets
from cockpit.search.errors import SearchError
from cockpit.search.reader import loads

HEAD = "program: train.py\nmethod: random\nmetric: {name: loss}\nparameters:\n  lr: {min: 0.0, max: 1.0}\n"
CANARY = "c4n4ryC4N4RY0123456789abcdef"


@pytest.mark.parametrize(
    ("more", "where"),
    [
        (f"  api_key: {{value: {CANARY}}}\n", r"search.yaml:6: parameters\.api_key"),
        (f"  model: {{values: [small, hf_{CANARY}]}}\n", r"search.yaml:6: parameters\.model"),
        (f"note: with ghp_{CANARY}\n", r"search.yaml:6: note"),
        (f"command: [python, train.py, --api-key, {CANARY}]\n", r"search.yaml:6: command"),
        (f"command: [env, WANDB_API_KEY={CANARY}, python, train.py]\n", r"search.yaml:6: command"),
    ],
)
def test_a_secret_is_refused_where_it_stands(more: str, where: str) -> None:
    with pytest.raises(SearchError, match=where) as caught:
        refuse_secrets(loads(HEAD + more))
    assert "holds a secret" in str(caught.value)
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize(
    "more",
    [
        "",
        "  tokens: {values: [48, 128]}\n  tokenizer: {value: bert-base-multilingual-uncased}\n",
        "command: ['${env}', python, train.py, --api-key, '${envvar:WANDB_API_KEY}', '${args}']\n",
    ],
)
def test_what_only_speaks_of_keys_and_tokens_is_not(more: str) -> None:
    refuse_secrets(loads(HEAD + more))


def test_settings_that_somebody_chose() -> None:
    assert kinds_in({"lr": 0.1, "hub_token": CANARY}) == ["secret"]
    assert kinds_in({"lr": 0.1, "tokens": 48, "model": "hf_model"}) == []
