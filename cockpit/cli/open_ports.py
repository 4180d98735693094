"""Which processes of this user other machines may reach."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import psutil

from cockpit.cli.finding import Finding
from cockpit.engine import ray_guard, ray_token
from cockpit.events.text import one_line
from cockpit.store.machine.listeners import Listener, listeners

RAY_PROGRAMS = ("gcs_server", "raylet")
RAY_TITLE = "ray::"  # what its workers and agents call themselves


def own_processes() -> list[psutil.Process]:
    return [process for process in psutil.process_iter(["uids"]) if _is_own(process)]


def listening(processes: list[psutil.Process]) -> Iterator[Finding]:
    """One finding for each process that other machines may reach, and one for the ports of each sweep that runs."""
    beyond: dict[int, list[Listener]] = defaultdict(list)
    within: dict[int, list[Listener]] = defaultdict(list)
    for listener in listeners(processes):
        (beyond if listener.beyond else within)[listener.pid].append(listener)
    if not beyond:
        yield Finding("listening", "ok", "nothing of yours listens beyond this machine")
    for pid, found in beyond.items():
        places = ", ".join(sorted({listener.where for listener in found}))
        family = _family(pid)
        level, remark = _judge(family)
        program = _program(family[0][0]) if family else "a process that has ended"
        yield Finding("listening", level, f"{program} (pid {pid}) on {places}: {remark}")
    for sweep in processes:
        if _is_sweep(_command(sweep)):
            members = {sweep.pid, *_children(sweep)}
            count = sum(len(found) for pid, found in within.items() if pid in members)
            if count:
                yield Finding("sweep's ports", "ok", f"the sweep of pid {sweep.pid} has {count} on loopback")


def _judge(family: list[tuple[list[str], dict[str, str]]]) -> tuple[str, str]:
    """The level and what to say of a process that others may reach, by the commands of it and of its ancestors."""
    command = family[0][0] if family else []
    if "cockpit.engine.warm" in command:
        return "note", "a trial of a sweep; others can reach it"
    if _is_sweep(command) and any(word.startswith("--address") for word in command):
        return "note", "a sweep that joined a cluster; others can reach it, so close its ports to them with a firewall"
    if _is_sweep(command) or (
        _is_ray(command) and any(ray_guard.PREFIX in word for line, _ in family for word in line)
    ):
        return "bad", "the Ray of a sweep; this version of it cannot be kept to this machine, use `--engine local`"
    if not _is_ray(command):
        return "note", "others can reach it"
    if any(environment.get(ray_token.MODE, "").lower() == "token" for _, environment in family):
        return "note", "a Ray; who has its token can run programs as you"
    return "bad", "a Ray without a token, so who reaches it can run programs as you; start it with RAY_AUTH_MODE=token"


def _family(pid: int) -> list[tuple[list[str], dict[str, str]]]:
    """Command line and environment of a process and of its ancestors; empty when it is gone."""
    try:
        process = psutil.Process(pid)
        return [(_command(one), _environment(one)) for one in (process, *process.parents())]
    except psutil.Error:
        return []


def _is_own(process: psutil.Process) -> bool:
    uids = process.info["uids"]
    return uids is not None and uids.real == os.getuid()


def _is_sweep(command: list[str]) -> bool:
    """Whether it is `cockpit sweep` or `python -m cockpit sweep`."""
    return any(
        Path(word).name in ("cockpit", "cockpit.exe") and "sweep" in command[place + 1 :]
        for place, word in enumerate(command[:4])
    )


def _is_ray(command: list[str]) -> bool:
    return bool(command) and (command[0].startswith(RAY_TITLE) or Path(command[0]).name in RAY_PROGRAMS)


def _program(command: list[str]) -> str:
    """What a process is called: its script or module where it is an interpreter. Arguments may hold secrets."""
    words = [word for word in command if word]
    name = Path(words[0]).name if words else "a process"
    rest = [word for word in words[1:3] if not word.startswith("-")]
    if name.startswith("python") and rest:
        name = Path(rest[0]).name
    return one_line(name)


def _command(process: psutil.Process) -> list[str]:
    try:
        words: list[str] = process.cmdline()
    except psutil.Error:
        return []
    return words


def _environment(process: psutil.Process) -> dict[str, str]:
    try:
        variables: dict[str, str] = process.environ()
    except (psutil.Error, OSError):
        return {}
    return variables


def _children(process: psutil.Process) -> list[int]:
    try:
        return [child.pid for child in process.children(recursive=True)]
    except psutil.Error:
        return []
