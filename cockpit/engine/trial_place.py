"""Where a supervisor of trials finds itself: on the driver's node, or on another one of its cluster."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Protocol

import ray
from ray.exceptions import RayError

from cockpit.engine.request import TrialRequest

HOST_SECONDS = 60.0  # for the driver to see a node that has just joined
DECISION_SECONDS = 5.0  # a decision may be taken before what it rests on has arrived, but not by default


class Place(Protocol):
    """Makes trials at home here. Methods raise `ConnectionError` when that is not possible."""

    def take_in(self, request: TrialRequest) -> tuple[TrialRequest, str]:
        """The request as it is to be asked here, and the socket of the warm parent to ask."""
        ...

    def record(self, attempt: str) -> None:
        """See to it that what the attempt has written is in the run folder."""
        ...

    def let_go(self, attempt: str) -> None:
        """The attempt is over; all of it shall be in the run folder."""
        ...


class DriversNode:
    """The run folder is here, and so is the sweep's warm parent."""

    def __init__(self, socket_path: str) -> None:
        self._socket_path = socket_path

    def take_in(self, request: TrialRequest) -> tuple[TrialRequest, str]:
        return request, self._socket_path

    def record(self, attempt: str) -> None:
        pass

    def let_go(self, attempt: str) -> None:
        pass


class OtherNode:
    """Trials are guests of the `NodeHost` that the driver has made here."""

    def __init__(self, node: str) -> None:
        self._node = node
        self._host: Any = None

    def take_in(self, request: TrialRequest) -> tuple[TrialRequest, str]:
        self._host = _find_host(self._node)  # another one may have taken its place since the last trial
        try:
            local, socket_path = ray.get(self._host.take_in.remote(request.to_json()))
        except RayError as error:
            cause = getattr(error, "cause", None) or error
            raise ConnectionError(str(cause).strip().splitlines()[-1]) from None
        return TrialRequest(**local), socket_path

    def record(self, attempt: str) -> None:
        _wait(self._host.flush.remote(attempt, DECISION_SECONDS))

    def let_go(self, attempt: str) -> None:
        _wait(self._host.let_go.remote(attempt))


def this_place(config: Mapping[str, Any]) -> Place:
    """The place of this process, by what its trial's configuration says of the driver's node."""
    node = ray.get_runtime_context().get_node_id()
    return DriversNode(config["socket_path"]) if node == config["home"] else OtherNode(node)


def host_name(node: str) -> str:
    """What the actor of a node is called within the sweep."""
    return f"cockpit-host-{node}"


def _find_host(node: str) -> Any:
    deadline = time.monotonic() + HOST_SECONDS
    while True:
        try:
            return ray.get_actor(host_name(node))
        except ValueError:
            if time.monotonic() > deadline:
                raise ConnectionError(f"the sweep has nothing on node {node[:8]}") from None
            time.sleep(0.1)


def _wait(answer: Any) -> None:
    try:
        ray.get(answer)
    except RayError:
        pass  # the host is dead, and what it had not sent is lost with it
