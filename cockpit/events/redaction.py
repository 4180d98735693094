"""Takes passwords, keys and tokens out of text before it is stored or shown.

People paste a `curl` with its cookies into a note, pass a key on a command line, print a whole environment. What is
recognised is structure first (a header's whole value, a whole JWT, whose payload may hide another key), then the shapes
that services give their tokens, then names that only secrets have. Hashes, ids and counts of tokens are left alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

MARK = "[redacted]"


@dataclass(frozen=True)
class _Rule:
    """`kind` is what a person calls it; `secret` a pattern in which the group `value` is what must go."""

    kind: str
    secret: re.Pattern[str]


def _rule(kind: str, pattern: str, flags: int = 0) -> _Rule:
    return _Rule(kind, re.compile(pattern, flags))


# Values may be quoted, also in JSON inside of JSON, and end with the quote; bare ones end with the line or a blank.
_TO_QUOTE_OR_LINE = r"(?P<value>[^\"'\r\n\\]{3,})"
_WORD = r"\\?[\"']?(?P<value>(?!\[redacted\])[^\s\"'\\,;&(){}\[\]<>]{6,})"
_BETWEEN = r"\\?[\"']?\s*[:=]\s*"
_HEADERS = (
    r"cookie|set-cookie|authorization|proxy-authorization|x-api-key|x-auth-token|x-csrf-token|x-csrftoken|x-xsrf-token|"
    r"__requestverificationtoken"
)
_COOKIES = r"ka_sessionid|\.aspxauth|sessionid|session_id|csrf-?token|xsrf-token|__host-kaggleid|phpsessid"
_NAMES = (
    r"(?:[a-z0-9]+[_-])*(?:password|passwd|passphrase|secret|secret[_-]?key|api[_-]?key|apikey|access[_-]?key|"
    r"private[_-]?key|auth[_-]?key|kaggle[_-]?key|access[_-]?token|refresh[_-]?token|auth[_-]?token|api[_-]?token|"
    r"bearer[_-]?token|hub[_-]?token|hf[_-]?token|client[_-]?secret|secret[_-]?access[_-]?key)"
)


@cache
def _rules() -> tuple[_Rule, ...]:
    """Made when they are first needed: everything that records imports this, and most of it never meets a secret."""
    return (
        _rule(
            "private key",
            r"(?P<value>-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----.*?(?:-----END (?:[A-Z0-9]+ )*PRIVATE KEY-----|\Z))",
            re.DOTALL,
        ),
        _rule("header", rf"(?<![\w-])(?:{_HEADERS}){_BETWEEN}\\?[\"']?{_TO_QUOTE_OR_LINE}", re.IGNORECASE),
        _rule("web token", r"(?<![\w-])(?P<value>eyJ[\w-]{6,}\.[\w-]{4,}(?:\.[\w-]*)?)"),
        _rule("address with a password", r"(?<=://)(?P<value>[^\s/:@\"'\[\]]{1,200}:[^\s/@\"'\[\]]{1,200})(?=@)"),
        _rule("session", rf"(?<![\w-])(?:{_COOKIES})=(?P<value>[^\s;\"'\[]+)", re.IGNORECASE),
        _rule("protected token", r"(?<![\w-])(?P<value>CfDJ8[\w-]{16,})"),
        _rule("Kaggle token", r"(?<!\w)(?P<value>KGAT_\w{16,})"),
        _rule("GitHub token", r"(?<!\w)(?P<value>(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}))"),
        _rule("GitLab token", r"(?<!\w)(?P<value>glpat-[\w-]{20,})"),
        _rule("Hugging Face token", r"(?<!\w)(?P<value>hf_[A-Za-z0-9]{20,})"),
        _rule("AWS key", r"(?<!\w)(?P<value>(?:AKIA|ASIA)[0-9A-Z]{16})(?!\w)"),
        _rule("Google key", r"(?<!\w)(?P<value>AIza[\w-]{35})"),
        _rule("API key", r"(?<![\w-])(?P<value>sk-(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{20,})"),
        _rule("Slack token", r"(?<!\w)(?P<value>xox[abeoprs]-[\w-]{10,})"),
        _rule("key", r"\\?[\"']key\\?[\"']\s*:\s*\\?[\"'](?P<value>[0-9a-f]{32})(?=\\?[\"'])", re.IGNORECASE),
        _rule("bearer token", r"(?<!\w)bearer\s+(?P<value>[\w.~+/-]{12,}=*)", re.IGNORECASE),
        _rule("secret", rf"(?<![\w-])(?:--?)?{_NAMES}{_BETWEEN}{_WORD}", re.IGNORECASE),
        _rule("secret", rf"(?<!\S)--?{_NAMES}\s+{_WORD}", re.IGNORECASE),
        _rule(
            "token",
            rf"(?<![\w-])token{_BETWEEN}\\?[\"']?(?P<value>(?=[\w.-]*\d)(?=[\w.-]*[A-Za-z])[\w-]{{20,}})",
            re.IGNORECASE,
        ),
    )


@cache
def _hint() -> re.Pattern[str]:
    """One quick look with it decides for nearly every line that no rule needs to be tried."""
    return re.compile(
        rf"BEGIN |{_HEADERS}|eyJ|://|{_COOKIES}|CfDJ8|KGAT_|gh[pousr]_|github_pat|glpat-|hf_|AKIA|ASIA|AIza|sk-|xox|key|"
        r"bearer|passw|passphrase|secret|token",
        re.IGNORECASE,
    )


def redacted(text: str) -> str:
    """`text` with every secret replaced by a mark. Doing it again changes nothing."""
    if _hint().search(text) is None:
        return text
    for rule in _rules():
        text = rule.secret.sub(_marked, text)
    return text


def secrets_in(text: str) -> list[str]:
    """What kinds of secrets the text holds, each once, in the order of the rules; none for a text that is clean."""
    if _hint().search(text) is None:
        return []
    found = (rule.kind for rule in _rules() for match in rule.secret.finditer(text) if MARK not in match["value"])
    return list(dict.fromkeys(found))


def _marked(match: re.Match[str]) -> str:
    whole, start = match[0], match.start()
    first, last = match.span("value")
    return f"{whole[: first - start]}{MARK}{whole[last - start :]}"
