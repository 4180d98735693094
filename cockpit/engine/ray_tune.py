"""The Ray engine: Ray Tune's `Tuner` decides where and when trials run, the conductor decides everything else.

Tune sees a trial as a `Trainable` whose every result is one message of the trial's process; the answer is whether Tune
calls `step` again or stops the trial. Values of single steps never come this way.
"""

from __future__ import annotations

import json
import traceback
from dataclasses import replace
from typing import Any, Generic, TypeVar

import ray
from ray import tune
from ray.tune.schedulers import FIFOScheduler
from ray.tune.search import Searcher

from cockpit.engine import timings
from cockpit.engine.base import decide
from cockpit.engine.conductor import Conductor
from cockpit.engine.machine import gpu_environment
from cockpit.engine.ray_start import running_ray
from cockpit.engine.request import Outcome, TrialRequest
from cockpit.engine.steering import Steering
from cockpit.engine.trial import Trial, wait_for
from cockpit.engine.warm_client import WarmParentProcess


class RayEngine:
    """Runs trials on this machine, in a Ray started for this sweep or in the one at `address`."""

    def __init__(self, address: str | None = None) -> None:
        self._address = address

    def run(self, conductor: Conductor, warm: WarmParentProcess, steering: Steering) -> None:
        with running_ray(conductor.plan.share, self._address) as folder:
            timings.mark("engine")
            failure = _fit(conductor, warm, steering, folder)
        if failure is not None:
            raise failure


def _fit(conductor: Conductor, warm: WarmParentProcess, steering: Steering, folder: str) -> BaseException | None:
    """Run the sweep. Returns a failure instead of raising it, as a copy, because a traceback keeps objects of Ray alive
    beyond its shutdown, which they must not be.
    """
    try:
        _tuner(conductor, warm, steering, folder).fit()
    except KeyboardInterrupt:
        return KeyboardInterrupt()
    except Exception as error:
        traceback.print_exc()
        return RuntimeError(str(error) or type(error).__name__)
    return None


def _tuner(conductor: Conductor, warm: WarmParentProcess, steering: Steering, folder: str) -> tune.Tuner:
    share = conductor.plan.share
    # A sliver of what only this node has: the warm parent and the run folder are here.
    here = f"node:{ray.util.get_node_ip_address()}"
    return tune.Tuner(
        tune.with_resources(TrialActor, {"cpu": share.cpu, "gpu": share.gpu, here: 0.001}),
        tune_config=tune.TuneConfig(
            num_samples=-1,  # the conductor counts, and a trial may be added while others run
            search_alg=_Proposals(_Here(conductor), _Here(steering), warm.socket_path),
            scheduler=_Decisions(_Here(conductor)),
            reuse_actors=True,
        ),
        run_config=tune.RunConfig(
            name="sweep",
            storage_path=folder,
            verbose=0,
            stop=_Steered(_Here(conductor), _Here(steering)),
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
        assert self._value is not None  # only a copy made by pickle has none
        return self._value


class TrialActor(tune.Trainable):  # type: ignore[misc]  # Ray's types are not complete
    """Supervises one trial after another in a Ray worker. A result is a message of the trial, or its outcome.

    They go as JSON texts, because Tune flattens nested results.
    """

    _config: dict[str, Any]
    _trial: Trial | None = None

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
                return _last_result(Outcome("lost", reason=str(error), error=str(error)))
        else:
            trial.answer(True)  # to the last message; Tune would not have called again otherwise
        while trial.outcome is None:
            wait_for([trial], 1.0)
            messages = trial.read()
            if messages:
                return {"message": json.dumps(messages[0])}  # one at most: the trial waits for its answer
        return _last_result(trial.outcome)

    def _start(self) -> Trial:
        timings.mark("worker")
        request = TrialRequest(**self._config["request"])
        gpus = [str(gpu) for gpu in ray.get_gpu_ids()]
        return Trial(replace(request, environment=gpu_environment(gpus)), self._config["socket_path"])

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        self.cleanup()
        self.setup(new_config)
        return True

    def cleanup(self) -> None:
        if self._trial is not None:
            self._trial.close()


class _Proposals(Searcher):  # type: ignore[misc]
    """Tune asks for the next trial; the conductor knows it."""

    def __init__(self, conductor: _Here[Conductor], steering: _Here[Steering], socket_path: str) -> None:
        super().__init__()
        self._conductor = conductor
        self._steering = steering
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
        return {"request": request.to_json(), "socket_path": self._socket_path}

    def on_trial_complete(self, trial_id: str, result: Any = None, error: bool = False) -> None:
        pass  # the conductor has heard it from the scheduler

    def save(self, checkpoint_path: str) -> None:
        pass  # the ledger is what a sweep is taken up from

    def restore(self, checkpoint_path: str) -> None:
        pass


class _Decisions(FIFOScheduler):  # type: ignore[misc]
    """Tune passes on every result; the conductor answers."""

    def __init__(self, conductor: _Here[Conductor]) -> None:
        super().__init__()
        self._conductor = conductor

    def on_trial_result(self, tune_controller: Any, trial: Any, result: dict[str, Any]) -> str:
        go_on = decide(self._conductor(), _id(trial), json.loads(result["message"]))
        return str(self.CONTINUE if go_on else self.STOP)

    def on_trial_complete(self, tune_controller: Any, trial: Any, result: dict[str, Any]) -> None:
        if "outcome" in result:
            self._conductor().on_exit(_id(trial), Outcome(**json.loads(result["outcome"])))

    def on_trial_error(self, tune_controller: Any, trial: Any) -> None:
        error = str(trial.get_error() or "its Ray worker died").strip().splitlines()[-1]
        self._conductor().on_exit(_id(trial), Outcome("lost", reason=error, error=error))


class _Steered(tune.Stopper):  # type: ignore[misc]
    """Attends to commands, and ends the experiment once the conductor says so."""

    def __init__(self, conductor: _Here[Conductor], steering: _Here[Steering]) -> None:
        self._conductor = conductor
        self._steering = steering

    def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:
        return False

    def stop_all(self) -> bool:
        """Tune asks this in every turn of its loop, which waits a tenth of a second at most for something to happen."""
        self._steering().attend()
        return self._conductor().ending is not None


def _last_result(outcome: Outcome) -> dict[str, Any]:
    return {"outcome": json.dumps(outcome.to_json()), "done": True}


def _id(trial: Any) -> str:
    return str(trial.config["request"]["trial"])
