"""Ray Tune's `Tuner` decides where and when trials run, the conductor decides everything else.

Tune sees a trial as a `Trainable` whose every result is one message of the trial's process; the answer is whether Tune
calls `step` again or stops the trial. Values of single steps never come this way.
"""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Generic, TypeVar

import ray
from ray import cloudpickle, tune
from ray.tune.schedulers import FIFOScheduler
from ray.tune.search import Searcher

from cockpit.engine.base import decide
from cockpit.engine.conductor import Conductor
from cockpit.engine.ray_actor import TrialActor
from cockpit.engine.ray_cluster import Cluster
from cockpit.engine.request import Outcome, TrialRequest
from cockpit.engine.steering import Steering
from cockpit.engine.warm_client import WarmParentProcess
from cockpit.events.text import one_line

NODE_LABEL = "ray.io/node-id"
NODE_CRASHED = "node has crashed"  # what Ray says where a raylet is gone


def fit(conductor: Conductor, warm: WarmParentProcess, steering: Steering, folder: str, *, joined: bool) -> None:
    """Run the sweep in the Ray that this process is connected to; Tune's own files go to `folder`.

    Raises `NoRoomError` when no node of a cluster can take a trial.
    """
    with ExitStack() as stack:
        cluster = stack.enter_context(_joined(conductor, warm)) if joined else None
        _tuner(conductor, warm, steering, folder, cluster).fit()


@contextmanager
def _joined(conductor: Conductor, warm: WarmParentProcess) -> Iterator[Cluster]:
    """The nodes of a cluster, ready for trials, and what trials there are told on its way to them."""
    cluster = Cluster(conductor)
    try:
        cluster.begin()
        warm.elsewhere = cluster
        yield cluster
    finally:
        warm.elsewhere = None
        cluster.close()


def _tuner(
    conductor: Conductor, warm: WarmParentProcess, steering: Steering, folder: str, cluster: Cluster | None
) -> tune.Tuner:
    return tune.Tuner(
        TrialActor,
        tune_config=tune.TuneConfig(
            num_samples=-1,  # the conductor counts, and a trial may be added while others run
            search_alg=_Proposals(_Here(conductor), _Here(steering), _Here(cluster), warm.socket_path),
            scheduler=_Decisions(_Here(conductor), _Here(cluster)),
            reuse_actors=True,
        ),
        run_config=tune.RunConfig(
            name="sweep",
            storage_path=folder,
            verbose=0,
            stop=_Steered(_Here(conductor), _Here(steering), _Here(cluster)),
            checkpoint_config=tune.CheckpointConfig(checkpoint_frequency=0, checkpoint_at_end=False),
        ),
    )


T = TypeVar("T")


class _Here(Generic[T]):
    """Something of this process. Tune pickles whatever it is given, for a restore that is never asked for."""

    def __init__(self, value: T | None = None) -> None:
        self._value = value

    def __reduce__(self) -> tuple[type[_Here[T]], tuple[()]]:
        return (_Here, ())

    def __call__(self) -> T:
        return self._value  # type: ignore[return-value]  # only a copy made by pickle lacks it


class _Proposals(Searcher):  # type: ignore[misc]
    """Tune asks for the next trial; the conductor knows it."""

    def __init__(
        self,
        conductor: _Here[Conductor],
        steering: _Here[Steering],
        cluster: _Here[Cluster | None],
        socket_path: str,
    ) -> None:
        super().__init__()
        self._conductor = conductor
        self._steering = steering
        self._cluster = cluster
        self._socket_path = socket_path

    def suggest(self, trial_id: str) -> Any:
        # Tune asks ahead of time; a trial proposed when its place is free knows more results.
        if self._conductor().running >= self._conductor().plan.share.concurrent:
            return None
        if not self._conductor().running:
            self._steering().attend()  # Tune does nothing but ask for trials now, once a second
        request = self._conductor().next_trial()
        if request is None:
            # Tune does not ask again after FINISHED, and while trials run or are held back one may still come.
            going_on = self._conductor().running or self._conductor().holds
            return None if going_on else Searcher.FINISHED
        return {"request": request.to_json(), "socket_path": self._socket_path, **self._room_for(request)}

    def _room_for(self, request: TrialRequest) -> dict[str, Any]:
        share, cluster = self._conductor().plan.share, self._cluster()
        resources = {"CPU": share.cpu, "GPU": share.gpu, "TPU": share.tpu}
        if cluster is None:
            # A sliver of what only this node has: the warm parent and the run folder are here.
            here = f"node:{ray.util.get_node_ip_address()}"
            home = ray.get_runtime_context().get_node_id()
            return {"resources": {**resources, here: 0.001}, "labels": {}, "home": home}
        cluster.expect(request)
        closed = cluster.closed_nodes()
        labels = {NODE_LABEL: f"!in({','.join(closed)})"} if closed else {}
        return {"resources": resources, "labels": labels, "home": cluster.home}

    def on_trial_complete(self, trial_id: str, result: Any = None, error: bool = False) -> None:
        pass  # the conductor has heard it from the scheduler

    def save(self, checkpoint_path: str) -> None:
        pass  # the ledger is what a sweep is taken up from

    def restore(self, checkpoint_path: str) -> None:
        pass


class _Decisions(FIFOScheduler):  # type: ignore[misc]
    """Tune passes on every result; the conductor answers."""

    def __init__(self, conductor: _Here[Conductor], cluster: _Here[Cluster | None]) -> None:
        super().__init__()
        self._conductor = conductor
        self._cluster = cluster
        self._nodes: dict[str, str] = {}  # by Tune's ids of trials

    def on_trial_result(self, tune_controller: Any, trial: Any, result: dict[str, Any]) -> str:
        self._nodes[trial.trial_id] = result["node"]
        go_on = decide(self._conductor(), _id(trial), json.loads(result["message"]))
        if not go_on:
            del self._nodes[trial.trial_id]
        return str(self.CONTINUE if go_on else self.STOP)

    def on_trial_complete(self, tune_controller: Any, trial: Any, result: dict[str, Any]) -> None:
        self._nodes.pop(trial.trial_id, None)
        if "outcome" in result:
            self._conductor().on_exit(_id(trial), Outcome(**json.loads(result["outcome"])))

    def on_trial_error(self, tune_controller: Any, trial: Any) -> None:
        node, cluster = self._nodes.pop(trial.trial_id, None), self._cluster()
        error = _error_of(trial)
        outcome = cluster.loss(error, node) if cluster is not None else None
        if cluster is None and NODE_CRASHED in str(error):
            # Nothing of this Ray comes back, and Tune would wait for it without end.
            self._conductor().give_up("the Ray of this sweep died (its raylet was killed or crashed)")
        if outcome is None:
            text = one_line(str(error).strip().splitlines()[-1])
            outcome = Outcome("lost", reason=text, error=text)
        self._conductor().on_exit(_id(trial), outcome)


class _Steered(tune.Stopper):  # type: ignore[misc]
    """Attends to commands, and ends the experiment once the conductor says so."""

    def __init__(self, conductor: _Here[Conductor], steering: _Here[Steering], cluster: _Here[Cluster | None]) -> None:
        self._conductor = conductor
        self._steering = steering
        self._cluster = cluster

    def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:
        return False

    def stop_all(self) -> bool:
        """Tune asks this in every turn of its loop, which waits a tenth of a second at most for something to happen."""
        self._steering().attend()
        cluster = self._cluster()
        if cluster is not None:
            cluster.look()
        return self._conductor().ending is not None


def _error_of(trial: Any) -> object:
    """What Tune's trial failed of. Tune has just written it into the folder of this process, and moves it later."""
    try:
        with Path(trial.pickled_error_file).open("rb") as file:
            return cloudpickle.load(file)
    except (OSError, TypeError, AttributeError, EOFError, pickle.UnpicklingError):
        return "its Ray worker died"


def _id(trial: Any) -> str:
    return str(trial.config["request"]["trial"])
