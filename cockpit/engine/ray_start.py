"""Starting a Ray for one sweep, or joining a cluster."""

from __future__ import annotations

import gc
import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import ray
from ray._private.node import Node

from cockpit.engine.machine import Share, cores
from cockpit.engine.signals import kept

OBJECT_STORE_BYTES = 100 << 20  # nothing but small messages goes through it
SETTINGS = {
    "RAY_AIR_NEW_OUTPUT": "0",
    "RAY_CHDIR_TO_TRIAL_DIR": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_DISABLE_SIGINT_HANDLER": "1",  # the sweep handles signals, so that both engines end alike
    "TUNE_GLOBAL_CHECKPOINT_S": "1000000",  # the ledger is what is kept, Tune's snapshots are not
}


@contextmanager
def running_ray(share: Share, address: str | None) -> Iterator[str]:
    """Ray, connected to, and a folder for Tune's files; both are gone afterwards, a cluster excepted.

    Raises what `ray.init` raises.
    """
    # Tune starts one actor after the other by default, and loses those whose trial found another place meanwhile.
    os.environ.update(SETTINGS, TUNE_MAX_PENDING_TRIALS_PG=str(share.concurrent))
    # Short, because Ray puts Unix sockets into it, whose paths may have about 100 characters.
    with tempfile.TemporaryDirectory(prefix="cockpit-ray-", ignore_cleanup_errors=True) as folder:
        with kept():  # Ray has its own way with SIGTERM
            if address:
                ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
            else:
                _start(share, folder)
        try:
            yield folder
        finally:
            # Ray ends the process, without a word, when something of it is released after its shutdown, by whichever
            # thread collects garbage next. So the garbage goes first.
            gc.collect()
            ray.shutdown()


def _start(share: Share, folder: str) -> None:
    with _small_head():
        ray.init(
            num_cpus=max(cores(), int(share.concurrent * share.cpu + 0.999)),
            include_dashboard=False,
            object_store_memory=OBJECT_STORE_BYTES,
            log_to_driver=False,
            logging_level=logging.ERROR,
            _node_ip_address="127.0.0.1",
            _temp_dir=folder,
        )


def _nothing(node: Any) -> None:
    """Stands in for a process that is not started."""


def _no_api_server(node: Any, **_: Any) -> None:
    node._webui_url = ""


_LEFT_OUT = {"start_monitor": _nothing, "start_log_monitor": _nothing, "start_api_server": _no_api_server}


@contextmanager
def _small_head() -> Iterator[None]:
    """Leave out the dashboard's server, the autoscaler and the log monitor, which serve nobody in a sweep.

    `ray.init` has no switch for them, even `include_dashboard=False` starts the server. Without them a sweep of short
    trials takes little more than half the time on two cores, and three processes fewer listen. They are methods of a
    private class: where a version of Ray has them no more, Ray starts with all of them.
    """
    originals = {name: getattr(Node, name) for name in _LEFT_OUT if hasattr(Node, name)}
    for name in originals:
        setattr(Node, name, _LEFT_OUT[name])
    try:
        yield
    finally:
        for name, original in originals.items():
            setattr(Node, name, original)
