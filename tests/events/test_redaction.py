"""Secrets go, everything else stays; one case for each kind that people paste."""

from __future__ import annotations

from pathlib import Path

import pytest
from pasted import CANARY, SECRETS, VALUES

from cockpit.events.redaction import MARK, first_hint, redacted, secret_spans, secrets_in

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "logs"

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
    "tokenizer_config: {'pad_token_id': 0, 'eos_token_id': [128001, 128009], 'max_tokens': 4096, 'hub_token': None}",
    '{"bos_token": "<s>", "add_prefix_space": false, "model_max_length": 512, "use_auth_token": false, "key": "md5"}',
    " 45%|████▌     | 450/1000 [00:12<00:15, 36.1tokens/s, loss=0.123, tokens=4.2e+05]",
    "secret_dim=64 n_keys: 8 key_dim=64, value_dim=64, primary_key=image_id, api_key=None, keys=['id', 'text']",
    "password_strength model: acc=0.91, token_acc: 0.87, tok/s 2,506, ntokens=8192, token=<mask>",
    "sha256 d2a84f4b8b650937ec8f73cd8be2c74add5a911ba64df27458ed8229da804a26 config-0a1b2c3d4e5f.json",
    "wandb: Run data is saved locally in wandb/offline-run-20210105_101112-3kq2l9x0",
    "http://127.0.0.1:8265 redis://localhost:6379/0 git@github.com:owner/name.git ssh://git@host:22/x.git",
    "session_id=20240101_120000 started; access_token_expires_in=3600seconds; api_key_provided=True",
    "basis-1 task-sk-learn ask-me-anything-0123456789 risk-0123456789abcdefghijklmn",
    "Downloading: https://cdn-lfs.huggingface.co/repo/ab/cd/9e107d9d372bb6826bd81d3542a419d6e5f7?download=true",
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
    key = f"-----BEGIN PRIVATE KEY-----\n{CANARY}\n{CANARY}\nTrain Step 1, loss: 0.5"
    assert redacted(key) == f"{MARK}\nTrain Step 1, loss: 0.5"
    assert redacted(f"python t.py --api-key {CANARY} --lr 0.1") == f"python t.py --api-key {MARK} --lr 0.1"
    assert redacted(f"redis://me:{CANARY}@host/0 is up") == f"redis://{MARK}@host/0 is up"
    header = f"curl 'https://a.b' -H 'cookie: x={CANARY}; y=1' -H 'accept: text'"
    assert redacted(header) == f"curl 'https://a.b' -H 'cookie: {MARK}' -H 'accept: text'"


@pytest.mark.parametrize("name", SECRETS)
def test_its_place_is_known_in_bytes_of_any_script(name: str) -> None:
    """A word of another script right before it hides nothing, and places count bytes."""
    data = f"鍵は{SECRETS[name][0]}\n".encode()
    spans = secret_spans(data.decode("latin-1"))
    left = data
    for begin, end in reversed(spans):
        left = left[:begin] + left[end:]
    assert spans
    assert not any(value.encode() in left for value in VALUES)
    assert 0 <= first_hint(data.decode("latin-1")) <= spans[0][0] + len("-----begin")


@pytest.mark.parametrize("text", HARMLESS)
def test_ordinary_lines_stay_as_they_are(text: str) -> None:
    assert redacted(text) == text
    assert secrets_in(text) == []
    assert secret_spans(text) == []


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
        "-----BEGIN PRIVATE KEY-----" * 2_000,
        "\\" * 100_000,
    ):
        redacted(piece)
