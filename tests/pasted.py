"""What people paste and programs print, one case for each kind of secret. None of them opens anything."""

from __future__ import annotations

import json

CANARY = "c4n4ryC4N4RY0123456789abcdef"  # is in none of the results
JWT = "eyJhbGciOiJub25lIn0.eyJrZXkiOiJBSXphU3lDNG40cnkifQ."
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
