"""The training loop that all torch trainers share. Read it from top to bottom: this is all that happens.

A trainer hands over a `Task`: the objects it built and two functions, one for the loss of a batch and one for an
evaluation. The loop adds the rest: logging, norms, schedules, checkpoints, going on from them, commands, the end after
a fraction of an epoch, a last phase of tuning, and several processes that train together.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from torch import Tensor

from trainers import checkpoint, compiling
from trainers.configs.torch_config import TorchConfig
from trainers.contract import Built, Command, Eval, Event, Events, Save, Saved, Scalar, Set, TrainerConfig
from trainers.devices.base import Device
from trainers.grad_norms import NormTable
from trainers.reading import Logged, Outbox
from trainers.seeding import rng_state, seed_apart, set_rng_state
from trainers.step_times import COMPUTE, DATA, RECORD, StepTimes
from trainers.task import Batches, Passes, Plan, Progress, Running, SplitGroups, Task, Tuning, no_artefacts, total_steps
from trainers.updating import Updating

Result = TypeVar("Result")

__all__ = [
    "Batches", "Plan", "Progress", "Running", "SplitGroups", "Task", "Tuning", "no_artefacts", "run", "total_steps",
]  # fmt: skip


def run(task: Task, config: TrainerConfig, device: Device) -> Events:
    """Trains for `config.epochs`, evaluating after every epoch and at the very end; 0 epochs only evaluate.

    With `config.resume` it goes on behind the step of that checkpoint as if it had never been cut; `CheckpointError`,
    and what the task's rehearsal raises, come before the first event. `Step.time` is seconds of training since its very
    beginning, `Eval.time` how long the evaluation took. A step's `times` are the seconds of one step by what they were
    spent on, see `trainers.step_times`, and its `wait` is the share of them without a batch. Norms of all parameter
    groups come with the first logged step and then with one in every `norms_every` steps. A device that is not asked at
    once tells of steps a little later than they are made, but of all before an evaluation or a checkpoint: see
    `trainers.reading`.

    Of several processes each takes its own batches of the same order, so one step sees `batch_size` rows in each.
    All yield the same events; only the first writes files and hears commands, and evaluates unless they share that.
    """
    task.rehearse()
    with device.team.together():
        state = _Run(task, config, device)
        at = state.progress
        if config.resume:
            state.go_on_from(config.resume)
        yield from state.tell(state.built())

        task.model.train()
        device.settle(task.model, task.optimizer)
        state.began = time.monotonic()
        yield from state.catch_up()
        for batch in state.batches():
            at.step += 1
            at.epoch = state.plan.epoch(at.step)
            if state.plan.seen(at.step) == 1:
                state.rows = []
                task.running.restart()
            logged = at.step % config.log_every == 0
            shows_norms = logged and state.norms_are_due()
            with_norms = shows_norms or state.every_step_is_alike

            task.schedule.before_step(at.step)
            losses = state.updating.gradients(batch)
            state.times.spent(COMPUTE)
            losses = {**losses, **state.updating.update(state.norms if with_norms else None)}
            norms = state.norms.after() if with_norms else []
            if logged or device.lazy:
                # Packed within the step, and read when it is long over.
                packed = state.pack(losses, norms)
            if logged:
                state.log(losses, packed, shows_norms)
            # Whatever is left of a step stands in the way where the next one would lay out its tensors as this one did.
            del losses, norms
            device.step_end()
            state.times.end_step()

            state.outbox.turn(at.step)
            yield from state.tell_arrived()
            if state.evaluation_is_due():
                yield from state.evaluate()
            elif state.save_is_due():
                yield from state.tell_all()
                yield from state.tell(state.save("last"))


class _Run:
    """One run's state, and everything around the steps themselves."""

    def __init__(self, task: Task, config: TrainerConfig, device: Device) -> None:
        self.task = task
        self.config = config
        self.device = device
        self.updating = Updating(task, device)
        rows = config.norms_of if isinstance(config, TorchConfig) else ""
        self.norms = NormTable(task.optimizer, task.groups, task.model, rows, lazy=device.lazy)
        self.progress = Progress()
        self.plan = Plan.of(config.epochs, task.batches, task.tuning)
        self.passes = Passes(task.batches, task.order)
        # A lazy device compiles a step that logs, or measures norms, apart from one that does not.
        self.every_step_is_alike = device.lazy and config.norms_every > 0
        self.effective = {**task.effective, "lr_scale": task.schedule.scale, **self._sharing()}
        self.outbox = Outbox(device, task.running, self.norms)
        self.graphs = compiling.counters if compiling.is_compiled(task.model) else dict
        self.rows: list[Tensor] = []
        self.began = time.monotonic()
        self.times = StepTimes(device)
        device.team.same_start(task.model)
        seed_apart(config.seed, device)

    def built(self) -> Built:
        """What stands before the first step."""
        task, norms = self.task, self.norms
        return Built(
            effective=self.effective,
            total_steps=self.plan.total,
            groups=task.groups,
            step=self.progress.step,
            trivial=task.trivial,
            frozen=norms.frozen,
            parameters=norms.parameters,
        )

    def _sharing(self) -> dict[str, Scalar]:
        """Over how many processes, and chips of this one, the work on a step is spread, where there are several."""
        team, chips = self.device.team.size, self.device.chips
        processes: dict[str, Scalar] = {"processes": team} if team > 1 else {}
        if chips == 1:
            return processes
        return {**processes, "chips": self.device.sharing(int(self.task.effective.get("batch_size") or 1))}

    def seconds(self) -> float:
        """Seconds of training, those before a checkpoint included."""
        return self.progress.elapsed + time.monotonic() - self.began

    def batches(self) -> Iterator[Any]:
        """The batches that are left, of either phase. None is asked for after the last step of a phase."""
        at, plan = self.progress, self.plan
        self.times.leave_out()
        if at.step < plan.train_steps:
            yield from self.until(plan.train_steps)
        if at.step < plan.total:
            if at.step == plan.train_steps:
                self.turn_to_tuning()
            yield from self.until(plan.total)

    def until(self, last: int) -> Iterator[Any]:
        passes = iter(self.passes)
        try:
            while self.progress.step < last:
                batch = self.device.receive(next(passes))
                self.times.spent(DATA)
                yield batch
                self.times.spent(RECORD)
        finally:
            self.passes.close()

    def pack(self, losses: Mapping[str, Tensor], norms: list[Tensor]) -> Any:
        """Losses and norms of this step in one pack. What running scores need of it waits beside, in `rows`."""
        self.rows += [self.device.whole(vector) for vector in self.task.running.hand_over()]
        return self.device.pack([*losses.values(), *norms])

    def log(self, losses: Mapping[str, Tensor], packed: Any, shows_norms: bool) -> None:
        """Puts this step on its way to the host: its losses, and the norms packed with them."""
        at = self.progress
        logged = Logged(
            phase="tune" if self.plan.is_tuning(at.step) else "train",
            epoch=at.epoch,
            step=at.step,
            time=self.seconds(),
            values=[packed, *self.rows],
            losses=tuple(losses),
            shows_norms=shows_norms,
            host={**self.task.schedule.rates(), **self.device.counters(), **self.graphs()},
            spent=self.times.take(),
        )
        self.rows = []
        self.outbox.put(logged)

    def tell_arrived(self) -> Events:
        """Yields the steps whose values have come to the host."""
        while (step := self.outbox.pop()) is not None:
            yield from self.tell(step)

    def tell_all(self) -> Events:
        """Yields all logged steps. Device sync."""
        self.outbox.flush(self.progress.step)
        yield from self.tell_arrived()

    def turn_to_tuning(self) -> None:
        """From the order's state at the beginning of the last pass: whether that was drawn from may not matter."""
        if self.task.tuning is not None:
            self.task.order.set_state(self.passes.began)
            self.passes = Passes(self.task.tuning.batches, self.task.order)

    def take_rest(self) -> None:
        """What running scores need of the steps after the last logged one comes to the host. Device sync."""
        rest, self.rows = [*self.rows, *self.task.running.hand_over()], []
        if rest:
            flat = [number for vector in self.device.fetch(rest).floats() for number in vector]
            self.task.running.take(self.device.team.gather(flat))

    def norms_are_due(self) -> bool:
        """At the first logged step, and at the first one after each multiple of `norms_every`."""
        every, at = self.config.norms_every, self.progress
        if every == 0 or (at.norms_at and at.step // every == at.norms_at // every):
            return False
        at.norms_at = at.step
        return True

    def evaluation_is_due(self) -> bool:
        """At the end of every pass and of training, once."""
        at = self.progress
        ends = at.step >= self.plan.total or self.plan.ends_pass(at.step)
        return ends and at.evaluated != at.step

    def save_is_due(self) -> bool:
        every = self.task.save_every
        return bool(self.config.out) and every > 0 and self.progress.step % every == 0

    def tell(self, event: Event) -> Events:
        """Yields one event and obeys what is sent in answer, until nothing more is sent."""
        agree = self.device.team.agree
        command: Command | None = agree((yield event))
        while command is not None:
            answered, command = command, None
            if isinstance(answered, Set):
                self.task.schedule.steer(answered.key, answered.value)
            elif isinstance(answered, Save) and self.config.out:
                yield from self.tell_all()
                command = agree((yield self.save("last")))

    def evaluate(self) -> Events:
        """Evaluates, and keeps what has to be kept."""
        yield from self.tell_all()
        at = self.progress
        self.times.spent(RECORD)
        began = time.monotonic()
        self.measure()
        # All of this before the event, so that a checkpoint asked for in answer to it has seen the evaluation.
        at.evaluated = at.step
        at.is_tuned = self.plan.is_tuning(at.step)
        if not at.is_tuned:
            self._judge(at.metrics[self.task.main_metric])
        phase = "tune" if at.is_tuned else "valid"
        yield from self.tell(Eval(phase, at.epoch, at.step, dict(at.metrics), time.monotonic() - began))
        yield from self.keep()
        self.times.leave_out()

    def _judge(self, value: float) -> None:
        """What an evaluation on data that the model was not fitted to decides."""
        at = self.progress
        self.task.schedule.after_evaluation(value)
        at.is_new_best = self._is_best(value)
        if at.is_new_best:
            at.best = value

    def measure(self) -> None:
        """Has the model evaluated. Device sync: an evaluation brings its predictions to the host."""
        self.device.team.check_same(self.task.model)
        self.task.model.eval()
        self.progress.metrics = self.by_all_or_once(lambda: dict(self.task.evaluate()))
        self.task.model.train()

    def keep(self) -> Events:
        """Writes the best state and artefacts where they are new, and the last state, which knows that this is done."""
        at = self.progress
        if not self.config.out:
            return
        if at.is_new_best:
            yield from self.tell(self.save("best"))
        if at.is_new_best or at.is_tuned:
            self.task.model.eval()
            written = self.by_all_or_once(self.artefacts)
            self.task.model.train()
            at.is_new_best = at.is_tuned = False
            for label, path in written.items():
                yield from self.tell(Saved(path, at.step, label))
        yield from self.tell(self.save("last"))

    def artefacts(self) -> dict[str, str]:
        """The files that belong to the last evaluation, by label."""
        folder, at = Path(self.config.out), self.progress
        if at.is_tuned and self.task.tuning is not None:
            written = self.task.tuning.artefacts(self.plan.tuned_passes(at.step), folder)
        else:
            written = self.task.artefacts(folder)
        return {label: str(path) for label, path in written.items()}

    def by_all_or_once(self, work: Callable[[], Result]) -> Result:
        """The result of work that the processes share, or that the first does for all."""
        return work() if self.task.shares_work else self.device.team.once(work)

    def catch_up(self) -> Events:
        """An evaluation that the checkpoint came before, or files of the best one that it came before."""
        if self.evaluation_is_due():
            yield from self.evaluate()
        elif (self.progress.is_new_best or self.progress.is_tuned) and self.config.out:
            # Artefacts are made from an evaluation. Nobody is told of it twice, and it leaves no trace in what follows.
            generators = rng_state(self.device)
            self.measure()
            set_rng_state(generators, self.device)
            yield from self.keep()

    def save(self, label: str) -> Saved:
        """Writes a checkpoint, whole or not at all. Device sync: all weights are copied to the host."""
        task, at = self.task, self.progress
        path = Path(self.config.out) / f"{label}.pt"
        self.take_rest()
        mine, *others = self.device.team.gather(rng_state(self.device))
        if self.device.team.rank == 0:
            state = {
                **checkpoint.head(self.config, self.effective),
                **asdict(at),
                "elapsed": self.seconds(),
                "model": task.model.state_dict(),
                **self.updating.state_dict(),
                "schedule": task.schedule.state_dict(),
                "rng": mine,
                "rng_of_others": others,
                "pass_began": self.passes.began,
                "steps_per_pass": self.plan.steps_per_pass,
                "train_steps": self.plan.train_steps,
                "running": task.running.state_dict(),
                "memory": dict(task.memory),
            }
            self.device.save(state, path)
        return Saved(str(path), at.step, label)

    def go_on_from(self, path: str) -> None:
        """Puts everything as it was when the checkpoint was saved. Raises `CheckpointError`."""
        state = self.device.load(path)
        steered = checkpoint.check(path, state, self.config, self.effective)
        try:
            self._restore(state)
        except (LookupError, TypeError, ValueError, AttributeError, RuntimeError) as error:
            reason = " ".join(str(error).split())[:200]
            raise checkpoint.unusable(path, f"does not fit this model ({reason})") from error
        for key, value in steered.items():
            self.task.schedule.steer(key, value)

    def _restore(self, state: Mapping[str, Any]) -> None:
        task = self.task
        plan, step = self.plan, int(state["step"])
        if state["steps_per_pass"] != plan.steps_per_pass:
            raise ValueError(f"{state['steps_per_pass']} steps in an epoch, not {plan.steps_per_pass}")
        if step > state["train_steps"] != plan.train_steps:
            raise ValueError(f"tuning began after {state['train_steps']} steps, not after {plan.train_steps}")
        self.device.release(task.model)
        task.model.load_state_dict(state["model"])
        self.updating.load_state_dict(state)
        task.schedule.load_state_dict(state["schedule"])
        for name in asdict(self.progress):
            setattr(self.progress, name, state[name])
        task.running.load_state_dict(state["running"])
        task.memory.update(state["memory"])
        if plan.is_tuning(step):
            self.turn_to_tuning()
        self.passes.go_to(state["pass_began"], plan.seen(step), plan.number(step))
        # Last, because building the model and loading what is skipped may have drawn random numbers.
        set_rng_state([state["rng"], *state["rng_of_others"]][self.device.team.rank], self.device)

    def _is_best(self, value: float) -> bool:
        best = self.progress.best
        if math.isnan(best):
            return not math.isnan(value)
        return value > best if self.task.goal == "maximize" else value < best
