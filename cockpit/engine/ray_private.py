"""What Ray has no switch for: a small head, everything on loopback, files for nobody else.

These are functions of Ray's own that are replaced while it starts. Where a version of Ray has one of them no more, it
starts without that replacement, as it does by itself; `ray_start` looks at the result and says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import ray
from ray import _raylet
from ray._private import services
from ray._private.node import Node

UMASK = 0o077


def _nothing(node: Any) -> None:
    """Stands in for a process that is not started."""


def _no_api_server(node: Any, **_: Any) -> None:
    node._webui_url = ""


def _as_given(host: str) -> str:
    """Stands in for looking up under which address other machines reach this one.

    Ray puts that in place of 127.0.0.1, and then listens on every address. Left alone, its servers, agents, workers
    and drivers all listen where they are told to.
    """
    return host


def _private_process(*arguments: Any, **keywords: Any) -> Any:
    """Starts a server of Ray whose files only this user can read, and with it all that it starts itself.

    The mask of this process stays as it is: it belongs to all threads, and others write run folders meanwhile.
    """
    return _console_popen(*arguments, umask=UMASK, **keywords)


# The dashboard's server, the autoscaler and the log monitor serve nobody in a sweep. `include_dashboard=False` starts
# the server all the same. Without them a sweep of short trials takes little more than half the time on two cores, and
# three processes fewer listen.
LEFT_OUT = {"start_monitor": _nothing, "start_log_monitor": _nothing, "start_api_server": _no_api_server}

_console_popen: Any = getattr(services, "ConsolePopen", None)


@contextmanager
def small_private_head() -> Iterator[None]:
    """Let Ray start as a sweep needs it."""
    with ExitStack() as stack:
        stack.enter_context(addresses_as_given())
        for name, stand_in in LEFT_OUT.items():
            stack.enter_context(_replaced(Node, name, stand_in))
        stack.enter_context(_replaced(services, "ConsolePopen", _private_process))
        yield


@contextmanager
def workers_that_stand_ready() -> Iterator[None]:
    """Let Tune's actors begin in the workers that Ray has started ahead of time.

    Tune asks for workers with a few variables of its own, which nobody here reads. There are none of that kind, so each
    actor would wait for a process and its imports.
    """
    from ray.tune.execution.class_cache import _ActorClassCache

    with _replaced(_ActorClassCache, "get", _plain_actor):
        yield


def _plain_actor(cache: Any, trainable: type) -> Any:
    """Stands in for an actor class with an environment of its own. The cache is that of one sweep."""
    if trainable not in cache._cache:
        cache._cache[trainable] = ray.remote(trainable)
    return cache._cache[trainable]


@contextmanager
def addresses_as_given() -> Iterator[None]:
    """Let Ray use 127.0.0.1 where that is what it is given, for its own servers and for those of a cluster."""
    with _replaced(services, "resolve_ip_for_localhost", _as_given):
        yield


@contextmanager
def _replaced(owner: Any, name: str, stand_in: Any) -> Iterator[None]:
    """Put something in the place of what has this name, if anything has, for as long as this is open."""
    if not hasattr(owner, name):
        yield
        return
    original = getattr(owner, name)
    setattr(owner, name, stand_in)
    try:
        yield
    finally:
        setattr(owner, name, original)


def read_authentication_anew() -> None:
    """Let Ray see what the environment says now of tokens; it looks once and keeps what it has seen."""
    compiled: Any = _raylet
    with suppress(AttributeError):  # a Ray that looks in another way
        compiled.Config.initialize("")
        compiled.AuthenticationTokenLoader.instance().reset_cache()
