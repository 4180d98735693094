"""The other nodes of a cluster that a sweep has joined: which of them take trials, and what becomes of them."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import ray
from ray.exceptions import ActorUnavailableError, RayError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from cockpit.engine.channel import Message
from cockpit.engine.conductor import Conductor
from cockpit.engine.machine import NoRoomError, Share
from cockpit.engine.needs import needs_of
from cockpit.engine.node_host import NodeHost, Report
from cockpit.engine.request import Outcome, TrialRequest
from cockpit.engine.room import Room, cluster_share
from cockpit.engine.run_recorder import RunRecorder
from cockpit.engine.trial_place import host_name
from cockpit.events.text import one_line

START_SECONDS = 60.0  # for the hosts of all nodes to say whether they take trials
LOOK_SECONDS = 1.0
ORDER_SECONDS = 5.0
SUSPECT_SECONDS = 60.0  # Ray takes a while to see that a node is gone; nothing new is sent there meanwhile
THREADS = 256
_DEAD_NODE = re.compile(r"node has died\. Node Id: ([0-9a-f]+)")


@dataclass
class Node:
    """`report` is None until its host has answered, `staying` is there once the host is gone.

    `suspect_until` is a time of the monotonic clock.
    """

    id: str
    name: str
    room: Room
    host: Any
    asked: Any
    staying: Any
    report: Report | None = None
    suspect_until: float = 0.0

    @property
    def takes_trials(self) -> bool:
        answered = self.report is not None and not self.report.problems
        return answered and time.monotonic() >= self.suspect_until

    def __str__(self) -> str:
        return f"node {self.id[:8]} ({self.name})"


class Cluster:
    """Known to the driver. The node that the driver is on needs nothing: the warm parent and the run folder are there.

    All methods are called in the engine's thread.
    """

    def __init__(self, conductor: Conductor) -> None:
        self.home: str = ray.get_runtime_context().get_node_id()
        self._conductor = conductor
        self._nodes: dict[str, Node] = {}
        self._names: dict[str, str] = {}  # also of those that are gone
        self._home_room = Room(0.0, 0.0)
        self._needs = needs_of(conductor.plan).to_json()
        self._look_due = 0.0
        self._recorder = (
            ray.remote(RunRecorder)
            .options(
                num_cpus=0,
                max_concurrency=THREADS,
                max_restarts=-1,
                max_task_retries=5,
                scheduling_strategy=NodeAffinitySchedulingStrategy(self.home, soft=False),
            )
            .remote(str(conductor.run.trials.resolve()))
        )

    def begin(self) -> None:
        """Ask all nodes whether they take trials, and wait for their answers. Raises `NoRoomError` if nothing fits."""
        deadline = time.monotonic() + START_SECONDS
        plan = self._conductor.plan
        everything = [_room(node) for node in ray.nodes() if node["Alive"]]
        share = cluster_share(plan.search, plan.device, everything)
        if not share.concurrent:
            raise NoRoomError(self._why_nothing_fits(share))
        self.look(at_once=True)
        while any(node.report is None for node in self._nodes.values()) and time.monotonic() < deadline:
            ray.wait([node.asked for node in self._nodes.values() if node.report is None], timeout=1.0)
            self.look(at_once=True)
        if not self._conductor.plan.share.concurrent:
            raise NoRoomError(self._why_nothing_fits(self._conductor.plan.share))

    def look(self, *, at_once: bool = False) -> None:
        """See, once a second, which nodes have come, answered and gone, and divide what there is among trials."""
        if not at_once and time.monotonic() < self._look_due:
            return
        self._look_due = time.monotonic() + LOOK_SECONDS
        alive = {node["NodeID"]: node for node in ray.nodes() if node["Alive"]}
        for gone in self._nodes.keys() - alive.keys():
            print(f"{self._nodes.pop(gone)} is gone")
        for id, found in alive.items():
            if id == self.home:
                self._home_room = _room(found)
            elif id not in self._nodes:
                self._welcome(id, found)
        for node in list(self._nodes.values()):
            if node.report is None and _is_there(node.asked):
                _hear(node)
            elif node.takes_trials and _is_there(node.staying):
                print(f"what the sweep had on {node} is dead and is started again")
                self._welcome(node.id, alive[node.id])
        self._divide()

    def expect(self, request: TrialRequest) -> None:
        """This attempt begins; whatever an earlier one still sends does not count any more."""
        ray.get(self._recorder.expect.remote(request.trial, request.attempt))

    def closed_nodes(self) -> list[str]:
        """Nodes to which no trial shall be sent now."""
        return sorted(node.id for node in self._nodes.values() if not node.takes_trials)

    def loss(self, error: object, node: str | None) -> Outcome | None:
        """The outcome of a trial whose supervisor is dead or cannot be reached, if that is for its node."""
        named = _DEAD_NODE.search(str(error))
        lost = named.group(1) if named else node
        self.look(at_once=True)
        if lost is None or lost == self.home:
            return None
        if isinstance(error, ActorUnavailableError) and lost in self._nodes:
            self._nodes[lost].suspect_until = time.monotonic() + SUSPECT_SECONDS
            self._divide()
        elif lost in self._nodes:
            return None  # the node is well, only the worker is dead
        why = f"node {lost[:8]} ({self._names.get(lost, 'unknown')}) was lost"
        return Outcome("lost", reason=why, error=why, details={"node": lost})

    def terminate_trials(self) -> None:
        for node in self._nodes.values():
            node.host.terminate_trials.remote()

    def signal_trial(self, attempt: str, number: int) -> None:
        self._tell_all("signal_trial", attempt, number)

    def order_trial(self, attempt: str, order: Message) -> None:
        self._tell_all("order_trial", attempt, order)

    def close(self) -> None:
        """End what the sweep has on the nodes."""
        closing = {node.id: node.host.close.remote() for node in self._nodes.values() if node.report is not None}
        if closing:
            ray.wait(list(closing.values()), num_returns=len(closing), timeout=2 * ORDER_SECONDS)
        for node in self._nodes.values():
            said = _answer(closing.get(node.id))
            if said:
                print(f"the warm parent of {node} said:\n{said}")
            ray.kill(node.host)
        ray.kill(self._recorder)

    def _welcome(self, id: str, found: dict[str, Any]) -> None:
        try:
            self._nodes[id] = self._host_on(id, found)
        except ValueError:
            pass  # Ray has not seen yet that the host before, whose name this is, is dead; the next look tries again

    def _host_on(self, id: str, found: dict[str, Any]) -> Node:
        self._names[id] = name = str(found.get("NodeName") or found.get("NodeManagerHostname"))
        host = (
            ray.remote(NodeHost)
            .options(
                name=host_name(id),
                num_cpus=0,
                max_concurrency=THREADS,
                scheduling_strategy=NodeAffinitySchedulingStrategy(id, soft=False),
            )
            .remote(self._recorder, self._needs, self._conductor.plan.preload)
        )
        return Node(id, name, _room(found), host, host.report.remote(), host.stay.remote())

    def _divide(self) -> None:
        plan = self._conductor.plan
        rooms = [self._home_room, *(node.room for node in self._nodes.values() if node.takes_trials)]
        share = cluster_share(plan.search, plan.device, rooms)
        if share != plan.share:
            self._conductor.plan = replace(plan, share=share)

    def _tell_all(self, method: str, *arguments: Any) -> None:
        """Only the node that has the attempt does anything about it, and the driver need not know which one that is."""
        told = [getattr(node.host, method).remote(*arguments) for node in self._nodes.values()]
        if told:
            ray.wait(told, num_returns=len(told), timeout=ORDER_SECONDS)

    def _why_nothing_fits(self, share: Share) -> str:
        cards = f" and {share.gpu:g} GPUs" if share.gpu else ""
        wanted = f"{share.cpu:g} cores{cards}" + (f" and {share.tpu:g} TPU chips" if share.tpu else "")
        refusals = "; ".join(self._refusals())
        return f"no node of the cluster has room for a trial with {wanted}" + (f"; {refusals}" if refusals else "")

    def _refusals(self) -> Iterator[str]:
        for node in self._nodes.values():
            if node.report is None:
                yield f"{node} does not answer"
            elif node.report.problems:
                yield f"{node} takes no trials: {node.report.problems[0]}"


def _hear(node: Node) -> None:
    try:
        node.report = ray.get(node.asked)
    except RayError as error:
        node.report = Report([one_line(str(error).strip().splitlines()[-1], 300)], [])
    for problem in node.report.problems:
        print(f"{node} takes no trials: {problem}")
    for note in node.report.notes:
        print(f"{node} has {note}; results may differ a little")


def _is_there(reference: Any) -> bool:
    return bool(ray.wait([reference], timeout=0)[0])


def _room(found: dict[str, Any]) -> Room:
    resources = found.get("Resources", {})
    return Room(*(float(resources.get(name, 0.0)) for name in ("CPU", "GPU", "TPU")))


def _answer(reference: Any) -> str:
    """What a host has answered, if it has."""
    if reference is None or not _is_there(reference):
        return ""
    try:
        return str(ray.get(reference)).strip()
    except RayError:
        return ""
