"""The limits of the control group that this process is in: in a container they are what there really is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

MOUNT = Path("/sys/fs/cgroup")
NO_LIMIT = 1 << 60  # bytes; version 1 writes a number near 2**63 where nothing is limited


class ControlGroup:
    """Files of version 2 (`memory.max`) and of version 1 (`memory.limit_in_bytes`), own group first, then those above.

    Where control groups are not mounted, or are mounted elsewhere, nothing is limited as far as this can tell.
    """

    def __init__(self, mount: Path = MOUNT, membership: Path = Path("/proc/self/cgroup")) -> None:
        self._memory = list(_folders(mount, membership, "memory"))
        self._cpu = list(_folders(mount, membership, "cpu"))
        self._usage = list(_folders(mount, membership, "cpuacct"))

    def memory_limit(self) -> int | None:
        """Bytes that may be used, the least of all groups above; None without a limit."""
        limits = [_number(folder / name) for folder in self._memory for name in ("memory.max", "memory.limit_in_bytes")]
        return min((limit for limit in limits if limit is not None and limit < NO_LIMIT), default=None)

    def memory_used(self) -> int | None:
        """Bytes in use, without files that are kept in memory only as long as nobody else wants it."""
        for folder in self._memory:
            for current, cached in (
                ("memory.current", "inactive_file"),
                ("memory.usage_in_bytes", "total_inactive_file"),
            ):
                used = _number(folder / current)
                if used is not None:
                    return max(0, used - _entry(folder / "memory.stat", cached))
        return None

    def cpu_limit(self) -> float | None:
        """Cores that may be used, a fraction perhaps; None without a limit."""
        quotas = [_quota(folder) for folder in self._cpu]
        return min((quota for quota in quotas if quota is not None), default=None)

    def cpu_seconds(self) -> float | None:
        """Processor time that the group has used up to now."""
        for folder in self._cpu:
            microseconds = _entry(folder / "cpu.stat", "usage_usec")
            if microseconds:
                return microseconds / 1e6
        for folder in self._usage:
            nanoseconds = _number(folder / "cpuacct.usage")
            if nanoseconds is not None:
                return nanoseconds / 1e9
        return None


def _folders(mount: Path, membership: Path, controller: str) -> Iterator[Path]:
    """Where a controller's files may be, the group of this process first."""
    for line in _lines(membership):
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if controllers and controller not in controllers.split(","):
            continue
        base = mount / controllers if controllers else mount
        group = base / path.strip("/")
        # A container sees its own group as the root, under a path that only its host has.
        yield from (folder for folder in (group, *group.parents) if folder.is_relative_to(base) and folder.is_dir())


def _quota(folder: Path) -> float | None:
    words = " ".join(_lines(folder / "cpu.max")).split()
    if len(words) == 2 and words[0].isdigit() and int(words[1]):
        return int(words[0]) / int(words[1])
    quota, period = _number(folder / "cpu.cfs_quota_us"), _number(folder / "cpu.cfs_period_us")
    return quota / period if quota and quota > 0 and period else None


def _entry(path: Path, name: str) -> int:
    """One line of a file of `name number` lines; 0 where it is not there."""
    for line in _lines(path):
        key, _, value = line.partition(" ")
        if key == name and value.isdigit():
            return int(value)
    return 0


def _number(path: Path) -> int | None:
    """The one number in a file; None for `max` and where there is no such file."""
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except (OSError, UnicodeDecodeError):
        return []
