"""What two trials ran in: code, versions, machine and device, and where these differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from cockpit.events.kinds import Attempt
from cockpit.events.text import one_line
from cockpit.store.folder import RunFolder
from cockpit.store.history import beginnings
from cockpit.store.provenance import code_text, data_text, packages_of, read_provenance
from cockpit.store.rows import SweepRow

UNKNOWN = "unknown"


class Change(NamedTuple):
    """What is not as it was."""

    what: str
    was: str
    now: str

    def __str__(self) -> str:
        return f"{self.what} {self.was}, now {self.now}"


def surroundings(run: RunFolder, sweep: SweepRow, trial: str) -> dict[str, str]:
    """Everything that is known, by its name."""
    environment, known = sweep.environment, read_provenance(run) or {}
    attempt = (beginnings(run, trial) or [Attempt()])[0]
    code = (known.get("code") or [{}])[0]
    versions = packages_of(run) or _texts(environment.get("versions"))
    told = {
        "code": code_text(code) or one_line(str(environment.get("commit") or "")),
        "code digest": one_line(str(code.get("digest") or "")),
        "python": one_line(str(environment.get("python") or "")),
        **versions,
        "platform": one_line(str(environment.get("platform") or "")),
        "host": attempt.host or sweep.host,
        "cores": one_line(str(environment.get("cores") or "")),
        "device": attempt.device,
        "threads": str(attempt.threads or ""),
        "data": data_text(known.get("data") or {}) or sweep.data,
    }
    return {name: text for name, text in told.items() if text}


def changes(was: Mapping[str, str], now: Mapping[str, str]) -> list[Change]:
    """What differs of all that is known of both. Whether the code does tells its digest."""
    names = [name for name in was if name in now and name not in ("code", "code digest")]
    differing = [Change(name, was[name], now[name]) for name in names if was[name] != now[name]]
    if is_other_code(was, now):
        differing.insert(0, Change("code", _code(was), _code(now)))
    return differing


def _code(known: Mapping[str, str]) -> str:
    """With a part of the digest, because the same files may have other words in them."""
    digest = known.get("code digest", "")[:8]
    return f"{known['code']} ({digest})" if "code" in known and digest else known.get("code", UNKNOWN)


def is_other_code(was: Mapping[str, str], now: Mapping[str, str]) -> bool:
    """Whether commit, diff or an untracked source is another, or the first is not known."""
    return was.get("code digest") != now.get("code digest")


def is_on_a_cpu(device: str) -> bool:
    """Whether a device of a record computes the same bits each time."""
    return device.split(" ")[0].split(":")[0].lower() in ("cpu", "none")


def _texts(value: Any) -> dict[str, str]:
    known = value if isinstance(value, dict) else {}
    return {one_line(str(name)): one_line(str(text)) for name, text in known.items()}
