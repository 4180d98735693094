"""Takes passwords, keys and tokens out of text before it is stored or shown.

People paste a `curl` with its cookies into a note, pass a key on a command line, print a whole environment. What is
recognised is structure first (a header's whole value, a whole JWT, whose payload may hide another key), then the shapes
that services give their tokens, then names that only secrets have. Hashes, ids and counts of tokens are left alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

MARK = "[redacted]"


@dataclass(frozen=True)
class _Rule:
    """`kind` is what a person calls it; in `pattern` the group `value` is what must go.

    Where the pattern finds something, one of `hints` stands in the text in small letters, before the value or at its
    beginning. Looking for them takes a tenth of the time.
    """

    kind: str
    hints: tuple[str, ...]
    pattern: str
    flags: int

    @cached_property
    def secret(self) -> re.Pattern[str]:
        """Made when it is first needed: everything that records imports this, and most of it never meets a secret."""
        # A key may stand right after a word of another script, so only letters of ASCII count as a part of it.
        return re.compile(self.pattern, self.flags | re.ASCII)


def _rule(kind: str, hints: str, pattern: str, flags: int = 0) -> _Rule:
    return _Rule(kind, tuple(hints.split()), pattern, flags)


# Values may be quoted, also in JSON inside of JSON, and end with the quote; bare ones end with the line or a blank.
_TO_QUOTE_OR_LINE = r"(?P<value>[^\"'\r\n\\]{3,})"
_WORD = r"\\*[\"']?(?P<value>(?!\[redacted\])[^\s\"'\\,;&(){}\[\]<>]{6,})"
_BETWEEN = r"\\*[\"']?\s*[:=]\s*"
_HEADERS = (
    r"cookie|set-cookie|authorization|proxy-authorization|x-api-key|x-auth-token|x-csrf-token|x-csrftoken|x-xsrf-token|"
    r"__requestverificationtoken"
)
_COOKIES = r"ka_sessionid|\.aspxauth|sessionid|csrf-?token|xsrf-token|__host-kaggleid|phpsessid"
_NAMES = (
    r"(?:[a-z0-9]+[_-])*(?:password|passwd|passphrase|secret|secret[_-]?key|api[_-]?key|apikey|access[_-]?key|"
    r"private[_-]?key|auth[_-]?key|kaggle[_-]?key|access[_-]?token|refresh[_-]?token|auth[_-]?token|api[_-]?token|"
    r"bearer[_-]?token|hub[_-]?token|hf[_-]?token|client[_-]?secret|secret[_-]?access[_-]?key)"
)
_NAME_HINTS = "password passwd passphrase secret key " + " ".join(
    f"{whose}{joint}token"
    for whose in ("access", "refresh", "auth", "api", "bearer", "hub", "hf")
    for joint in ("", "_", "-")
)


_RULES = (
    _rule(
        "private key",
        "-----begin",
        # Whole, or as far as its lines go where the end is missing.
        r"(?P<value>-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----"
        r"(?:.{0,16384}?-----END (?:[A-Z0-9]+ )*PRIVATE KEY-----|(?:(?:\s|\\+[nr])*[A-Za-z0-9+/=]{16,})*))",
        re.DOTALL,
    ),
    _rule(
        "header",
        "cookie authorization x-api-key x-auth-token csrf xsrf verificationtoken",
        rf"(?<![\w-])(?:{_HEADERS}){_BETWEEN}\\*[\"']?{_TO_QUOTE_OR_LINE}",
        re.IGNORECASE,
    ),
    _rule("web token", "eyj", r"(?<![\w-])(?P<value>eyJ[\w-]{6,}\.[\w-]{4,}(?:\.[\w-]*)?)"),
    _rule("address with a password", "://", r"(?<=://)(?P<value>[^\s/:@\"'\[\]]{1,200}:[^\s/@\"'\[\]]{1,200})(?=@)"),
    _rule(
        "session",
        "sessionid aspxauth csrf xsrf kaggleid phpsessid",
        rf"(?<![\w-])(?:{_COOKIES})=(?P<value>[^\s;\"'\[]+)",
        re.IGNORECASE,
    ),
    _rule("protected token", "cfdj8", r"(?<![\w-])(?P<value>CfDJ8[\w-]{16,})"),
    _rule("Kaggle token", "kgat_", r"(?<!\w)(?P<value>KGAT_\w{16,})"),
    _rule(
        "GitHub token",
        "ghp_ gho_ ghu_ ghs_ ghr_ github_pat_",
        r"(?<!\w)(?P<value>(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}))",
    ),
    _rule("GitLab token", "glpat-", r"(?<!\w)(?P<value>glpat-[\w-]{20,})"),
    _rule("Hugging Face token", "hf_", r"(?<!\w)(?P<value>hf_[A-Za-z0-9]{20,})"),
    _rule("AWS key", "akia asia", r"(?<!\w)(?P<value>(?:AKIA|ASIA)[0-9A-Z]{16})(?!\w)"),
    _rule("Google key", "aiza", r"(?<!\w)(?P<value>AIza[\w-]{35})"),
    _rule("API key", "sk-", r"(?<![\w-])(?P<value>sk-(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{20,})"),
    _rule("Slack token", "xox", r"(?<!\w)(?P<value>xox[abeoprs]-[\w-]{10,})"),
    _rule("key", "key", r"\\*[\"']key\\*[\"']\s*:\s*\\*[\"'](?P<value>[0-9a-f]{32})(?=\\*[\"'])", re.IGNORECASE),
    _rule("bearer token", "bearer", r"(?<!\w)bearer\s+(?P<value>[\w.~+/-]{12,}=*)", re.IGNORECASE),
    _rule("secret", _NAME_HINTS, rf"(?<![\w-])(?:--?)?{_NAMES}{_BETWEEN}{_WORD}", re.IGNORECASE),
    _rule("secret", _NAME_HINTS, rf"(?<!\S)--?{_NAMES}\s+{_WORD}", re.IGNORECASE),
    _rule(
        "token",
        "token session_id",
        rf"(?<![\w-])(?:token|session_id){_BETWEEN}\\*[\"']?(?P<value>(?=[\w.-]*\d)(?=[\w.-]*[A-Za-z])[\w-]{{20,}})",
        re.IGNORECASE,
    ),
)


_EVERY_HINT = {hint for rule in _RULES for hint in rule.hints}
# Without those that only stand where a shorter one does.
_HINTS = tuple(sorted(hint for hint in _EVERY_HINT if not any(other in hint for other in _EVERY_HINT if other != hint)))


def _rules_for(text: str) -> list[_Rule]:
    """The rules that may find something; for nearly every line none."""
    lower = text.lower()
    if not any([hint in lower for hint in _HINTS]):  # noqa: C419 - a list takes half the time of a generator
        return []
    return [rule for rule in _RULES if any(hint in lower for hint in rule.hints)]


def redacted(text: str) -> str:
    """`text` with every secret replaced by a mark. Doing it again changes nothing."""
    for rule in _rules_for(text):
        text = rule.secret.sub(_marked, text)
    return text


def first_hint(text: str) -> int:
    """Where something stands that may belong to a secret; -1 for a text without. What stands before it is none.

    The text is bytes read as Latin-1: there every letter is as long when it is small.
    """
    lower = text.lower()
    places = [place for hint in _HINTS if (place := lower.find(hint)) >= 0]
    return min(places, default=-1)


def secret_spans(text: str) -> list[tuple[int, int]]:
    """Begin and end of every secret in the text, in order and apart from each other.

    The text may be bytes of any encoding that keeps ASCII, read as Latin-1; then these are places of bytes.
    """
    spans: list[tuple[int, int]] = []
    found = (match.span("value") for rule in _rules_for(text) for match in rule.secret.finditer(text))
    for begin, end in sorted(found):
        if spans and begin <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        else:
            spans.append((begin, end))
    return spans


def secrets_in(text: str) -> list[str]:
    """What kinds of secrets the text holds, each once, in the order of the rules; none for a text that is clean."""
    rules = _rules_for(text)
    found = (rule.kind for rule in rules for match in rule.secret.finditer(text) if MARK not in match["value"])
    return list(dict.fromkeys(found))


def _marked(match: re.Match[str]) -> str:
    whole, start = match[0], match.start()
    first, last = match.span("value")
    return f"{whole[: first - start]}{MARK}{whole[last - start :]}"
