"""Starting a Ray for one sweep, or joining a cluster."""

from __future__ import annotations

import gc
import logging
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil
import ray

from cockpit.engine import ray_token
from cockpit.engine.machine import Share, cores
from cockpit.engine.ray_guard import guarded_folder
from cockpit.engine.ray_private import addresses_as_given, read_authentication_anew, small_private_head
from cockpit.engine.signals import kept
from cockpit.store.machine.listeners import listeners

LOOPBACK = "127.0.0.1"
OBJECT_STORE_BYTES = 100 << 20  # nothing but small messages goes through it
MOST_PENDING = 10_000  # how many trials a cluster takes at once is found out later
SETTINGS = {
    "RAY_AIR_NEW_OUTPUT": "0",
    "RAY_CHDIR_TO_TRIAL_DIR": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_DISABLE_SIGINT_HANDLER": "1",  # the sweep handles signals, so that both engines end alike
    "TUNE_GLOBAL_CHECKPOINT_S": "1000000",  # the ledger is what is kept, Tune's snapshots are not
}


# Workers import what supervises trials while they wait for the first one. Ray would end them after a second of that.
PREPARED = {
    "RAY_preload_python_modules": "cockpit.engine.ray_actor",
    "RAY_idle_worker_killing_time_threshold_ms": "60000",
}


@contextmanager
def running_ray(share: Share, address: str | None, code: Sequence[str] = ()) -> Iterator[str]:
    """Ray, connected to, and a folder for Tune's files; both are gone afterwards, a cluster excepted.

    `code` are packages and modules, as paths, with which the nodes of a cluster run instead of what they have.

    A Ray that is started here listens on loopback only and asks for a token that is made for it. One that is joined
    has the user's own settings. Raises `TokenError` for a token that others can read, and what `ray.init` raises.
    """
    # Tune starts one actor after the other by default, and loses those whose trial found another place meanwhile.
    pending = MOST_PENDING if address else share.concurrent
    settings = {**SETTINGS, "TUNE_MAX_PENDING_TRIALS_PG": str(pending)}
    with guarded_folder(Path(ray.__path__[0])) as folder, _environment(settings):
        try:
            with kept():  # Ray has its own way with SIGTERM
                if address:
                    _join(address, code)
                else:
                    _start(share, folder)
            yield str(folder)
        finally:
            # Ray ends the process, without a word, when something of it is released after its shutdown, by whichever
            # thread collects garbage next. So the garbage goes first.
            gc.collect()
            ray.shutdown()


def _join(address: str, code: Sequence[str]) -> None:
    ray_token.check_token_of_cluster()
    read_authentication_anew()
    surroundings = {"py_modules": list(code), "env_vars": SETTINGS, "excludes": ["__pycache__"]}
    with addresses_as_given():
        ray.init(address=address, runtime_env=surroundings, log_to_driver=False, logging_level=logging.ERROR)


def _start(share: Share, folder: Path) -> None:
    with _own_token(folder), _environment(PREPARED), small_private_head():
        ray.init(
            address="local",  # whatever RAY_ADDRESS says
            num_cpus=max(cores(), int(share.concurrent * share.cpu + 0.999)),
            include_dashboard=False,
            object_store_memory=OBJECT_STORE_BYTES,
            log_to_driver=False,
            logging_level=logging.ERROR,
            _node_ip_address=LOOPBACK,
            # Ray opens this folder to everybody, but not the one around it.
            _temp_dir=str(folder / "r"),
        )
    _tell_of_open_ports()


@contextmanager
def _own_token(folder: Path) -> Iterator[None]:
    """Let Ray start with a token of its own, which nothing that this process starts later gets to know."""
    path = ray_token.write_token(folder)
    with _environment({ray_token.MODE: "token", ray_token.TOKEN_PATH: str(path), ray_token.TOKEN: None}):
        read_authentication_anew()
        yield


def _tell_of_open_ports() -> None:
    """Say what a version of Ray does that cannot be kept to loopback. This process listens as all of its others do."""
    found = sorted(listener.where for listener in listeners([psutil.Process()]) if listener.beyond)
    if found:
        print(f"Ray {ray.__version__} listens beyond this machine, here on {', '.join(found)}", file=sys.stderr)


@contextmanager
def _environment(changes: Mapping[str, str | None]) -> Iterator[None]:
    """Variables of this process's environment as they are wanted, and as they were again afterwards."""
    before = {name: os.environ.get(name) for name in changes}
    _set(changes)
    try:
        yield
    finally:
        _set(before)


def _set(variables: Mapping[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
