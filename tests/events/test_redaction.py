"""Secrets go, everything else stays; one case for each kind that people paste."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cockpit.events.redaction import MARK, redacted, secrets_in

CANARY = "c4n4ryC4N4RY0123456789abcdef"  # is in none of the results
JWT = "eyJhbGciOiJub25lIn0.eyJrZXkiOiJBSXphU3lDNG40cnkifQ."
SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "logs"

SECRETS = {
    "header in curl": (f"curl -H 'cookie: a={CANARY}; b={CANARY}' -H 'accept: x'", "header"),
    "header line": (f"Authorization: Basic {CANARY}==", "header"),
    "csrf header": (f"x-xsrf-token: {CANARY}", "header"),
    "verification token": (f'"__requestverificationtoken": "{CANARY}"', "header"),
    "session cookie": (f"seen ka_sessionid={CANARY} there", "session"),
    "asp cookie": (f"x .ASPXAUTH={CANARY};", "session"),
    "jwt": (f"got {JWT} back", "web token"),
    "address": (f"amqp://user:{CANARY}@host:5672/vhost", "address with a password"),
    "kaggle.json": (json.dumps({"username": "me", "key": "0123456789abcdef" * 2}), "key"),
    "protected": (f"CfDJ8{CANARY}", "protected token"),
    "kaggle token": (f"KGAT_{CANARY}", "Kaggle token"),
    "github": (f"ghp_{CANARY}", "GitHub token"),
    "github fine-grained": (f"github_pat_{CANARY}", "GitHub token"),
    "gitlab": (f"glpat-{CANARY}", "GitLab token"),
    "hugging face": (f"login(hf_{CANARY})", "Hugging Face token"),
    "aws": ("id AKIAABCDEFGHIJKLMNOP.", "AWS key"),
    "google": ("AIza" + "Sy0123456789abcdefghijklmnopqrstuvw", "Google key"),
    "openai": (f"sk-proj-{CANARY}", "API key"),
    "slack": (f"xoxb-{CANARY}", "Slack token"),
    "bearer": (f"bearer {CANARY}", "bearer token"),
    "environment": (f"WANDB_API_KEY={CANARY}", "secret"),
    "kaggle environment": (f"KAGGLE_KEY={CANARY} python x.py", "secret"),
    "option": (f"train.py --api-key {CANARY} --lr 1", "secret"),
    "option with equals": (f"train.py --hub_token={CANARY}", "secret"),
    "yaml": (f"db_password: {CANARY}", "secret"),
    "escaped json": (f'{{\\"client_secret\\": \\"{CANARY}\\"}}', "secret"),
    "token": (f"token = '{CANARY}'", "token"),
    "key": (f"-----BEGIN RSA PRIVATE KEY-----\n{CANARY}\n-----END RSA PRIVATE KEY-----\nafter", "private key"),
    "key without an end": (f"-----BEGIN PRIVATE KEY-----\n{CANARY}", "private key"),
}
VALUES = (CANARY, "eyJ", "0123456789abcdef" * 2, "AKIA", "AIza")

HARMLESS = (
    "Train Step 50, loss: 0.48480, lr: 5e-06, final_score: 0.94857, time: 119.47729",
    "Epoch 0 Step: 239 Loss: 0.079534 Tokens per Sec: 2505.812324",
    "tokens=48 max_tokens: 128 token_ids=[101, 102] tokenizer=bert-base-multilingual-uncased",
    "key: value, keys = 12, monkey: banana, keyboard=qwerty123456",
    "num_key_value_heads: 8, key_padding_mask=None, sort_key = 'row_f1_at_1000'",
    "md5 9e107d9d372bb6826bd81d3542a419d6 commit 3f2a91c",
    "saved to https://example.org/a/b?x=1 and s3://bucket/models/step-1000",
    "task-1234567890abcdefghij mask-0.5 risk-averse disk-usage-0123456789abcdef",
    "secret sauce: none. The password is asked for later.",
    "special_tokens_map.json loaded; pad_token=[PAD] sep_token=[SEP] unk_token: <unk>",
    "session 3, cookies are sweet; authorization failed",
    "t003: head arcface, s 32, m 0.5 -> row_f1 0.8613 (token bucket 1)",
)


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_goes_and_is_named(name: str) -> None:
    text, kind = SECRETS[name]
    assert kind in secrets_in(text)
    clean = redacted(text)
    assert MARK in clean
    assert not any(value in clean for value in VALUES)
    assert redacted(clean) == clean
    assert secrets_in(clean) == []


def test_what_is_around_a_secret_stays() -> None:
    assert redacted(f"python t.py --api-key {CANARY} --lr 0.1") == f"python t.py --api-key {MARK} --lr 0.1"
    assert redacted(f"redis://me:{CANARY}@host/0 is up") == f"redis://{MARK}@host/0 is up"
    header = f"curl 'https://a.b' -H 'cookie: x={CANARY}; y=1' -H 'accept: text'"
    assert redacted(header) == f"curl 'https://a.b' -H 'cookie: {MARK}' -H 'accept: text'"


@pytest.mark.parametrize("text", HARMLESS)
def test_ordinary_lines_stay_as_they_are(text: str) -> None:
    assert redacted(text) == text
    assert secrets_in(text) == []


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data are not beside this checkout")
def test_no_false_alarm_in_real_logs() -> None:
    looked_at = 0
    for path in sorted(SHARED.rglob("*")):
        if path.is_file() and path.stat().st_size < 5_000_000 and b"\0" not in path.read_bytes()[:4096]:
            text = path.read_text(encoding="utf-8", errors="replace")
            assert redacted(text) == text, path.name
            looked_at += 1
    assert looked_at > 5


def test_long_lines_take_no_long_time() -> None:
    """Patterns that try again at every place would take minutes on these."""
    for piece in (
        "a:" * 100_000,
        "token" * 50_000,
        "eyJ" * 60_000,
        "://" + "a" * 200_000,
        "key=" * 50_000,
        "-" * 200_000,
    ):
        redacted(piece)
