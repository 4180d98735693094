"""What supervises trials in a worker of Ray. Its worker imports this and little else of the cockpit."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import ray
from ray import tune

from cockpit.engine import timings
from cockpit.engine.channel import Message
from cockpit.engine.machine import gpu_environment
from cockpit.engine.request import Outcome, TrialRequest
from cockpit.engine.trial import Trial, wait_for
from cockpit.engine.trial_place import Place, this_place


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
