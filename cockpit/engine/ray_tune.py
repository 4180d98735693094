"""The Ray engine: Ray Tune's `Tuner` decides where and when trials run, the conductor decides everything else.

Tune sees a trial as a `Trainable` whose every result is one message of the trial's process; the answer is whether Tune
calls `step` again or stops the trial. Values of single steps never come this way.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any, Generic, TypeVar

import ray
from ray import tune
from ray.tune.schedulers import FIFOScheduler
from ray.tune.search import Searcher

from cockpit.engine import timings
from cockpit.engine.base import decide
from cockpit.engine.channel import Message
from cockpit.engine.conductor import Conductor
from cockpit.engine.machine import NoRoomError, gpu_environment
from cockpit.engine.needs import code_to_ship
from cockpit.engine.ray_cluster import Cluster
from cockpit.engine.ray_start import running_ray
from cockpit.engine.request import Outcome, TrialRequest
from cockpit.engine.steering import Steering
from cockpit.engine.trial import Trial, wait_for
from cockpit.engine.trial_place import Place, this_place
from cockpit.engine.warm_client import WarmParentProcess
from cockpit.events.text import one_line

NODE_LABEL = "ray.io/node-id"


class RayEngine:
    """Runs trials on this machine, in a Ray started for this sweep, or on all nodes of the cluster at `address`."""

    def __init__(self, address: str | None = None) -> None:
        self._address = address

    def run(self, conductor: Conductor, warm: WarmParentProcess, steering: Steering) -> None:
        code = code_to_ship(conductor.plan) if self._address else ()
        with running_ray(conductor.plan.share, self._address, code) as folder:
            timings.mark("engine")
            failure = _fit(conductor, warm, steering, folder, joined=bool(self._address))
        if failure is not None:
            raise failure


def _fit(
    conductor: Conductor, warm: WarmParentProcess, steering: Steering, folder: str, *, joined: bool
) -> BaseException | None:
    """Run the sweep. Returns a failure instead of raising it, as a copy, because a traceback keeps objects of Ray alive
    beyond its shutdown, which they must not be.
    """
    try:
        with ExitStack() as stack:
            cluster = stack.enter_context(_joined(conductor, warm)) if joined else None
            _tuner(conductor, warm, steering, folder, cluster).fit()
    except KeyboardInterrupt:
        return KeyboardInterrupt()
    except NoRoomError as error:
        return RuntimeError(str(error))
    except Exception as error:
        traceback.print_exc()
        return RuntimeError(str(error) or type(error).__name__)
    return None


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


class TrialActor(tune.Trainable):  # type: ignore[misc]  # Ray's types are not complete
    """Supervises one trial after another in a Ray worker. A result is a message of the trial, or its outcome.

    They go as JSON texts, because Tune flattens nested results.
    """

    _config: dict[str, Any]
    _trial: Trial | None = None
    _place: Place | None = None

    @classmethod
    def default_resource_request(cls, config: dict[str, Any]) -> tune.PlacementGroupFactory:
        """What a trial takes of one node, and which nodes it is not for."""
        labels = {"bundle_label_selector": [config["labels"]]} if config["labels"] else {}
        return tune.PlacementGroupFactory([config["resources"]], **labels)

    def setup(self, config: dict[str, Any]) -> None:
        # Nothing is started here: Tune makes actors ahead of time, and then may give the trial to one that is free.
        self._config = config
        self._trial = None

    def step(self) -> dict[str, Any]:
        trial = self._trial
        if trial is None:
            try:
                trial = self._trial = self._start()
            except ConnectionError as error:
                return self._result(outcome=Outcome("lost", reason=str(error), error=str(error)))
        else:
            trial.answer(True)  # to the last message; Tune would not have called again otherwise
        while trial.outcome is None:
            wait_for([trial], 1.0)
            messages = trial.read()
            if messages:
                self._at.record(trial.request.name)
                return self._result(message=messages[0])  # one at most: the trial waits for its answer
        self._at.let_go(trial.request.name)
        return self._result(outcome=trial.outcome)

    @property
    def _at(self) -> Place:
        if self._place is None:
            self._place = this_place(self._config)
        return self._place

    def _start(self) -> Trial:
        timings.mark("worker")
        request, socket_path = self._at.take_in(TrialRequest(**self._config["request"]))
        gpus = [str(gpu) for gpu in ray.get_gpu_ids()]
        return Trial(replace(request, environment=gpu_environment(gpus)), socket_path)

    @staticmethod
    def _result(message: Message | None = None, outcome: Outcome | None = None) -> dict[str, Any]:
        node = {"node": ray.get_runtime_context().get_node_id()}
        if outcome is not None:
            return {"outcome": json.dumps(outcome.to_json()), "done": True, **node}
        return {"message": json.dumps(message), **node}

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        self.cleanup()
        self.setup(new_config)
        return True

    def cleanup(self) -> None:
        if self._trial is not None:
            self._trial.close()
            self._at.let_go(self._trial.request.name)


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
        resources = {"CPU": share.cpu, "GPU": share.gpu}
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
        error = trial.get_pickled_error() or trial.get_error() or "its Ray worker died"
        outcome = cluster.loss(error, node) if cluster is not None else None
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


def _id(trial: Any) -> str:
    return str(trial.config["request"]["trial"])
