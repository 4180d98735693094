"""One sweep from its plan to its end: the run folder, the warm parent, the engine, and the observer beside them."""

from __future__ import annotations

import math
import os
import socket
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TextIO

from cockpit.engine import timings
from cockpit.engine.admission import Admission
from cockpit.engine.base import Engine
from cockpit.engine.budget import Budget
from cockpit.engine.checkpoints import last_checkpoint
from cockpit.engine.conductor import Conductor
from cockpit.engine.control import Inbox
from cockpit.engine.ending import Ending
from cockpit.engine.machine_log import MachineLog
from cockpit.engine.observer import Observer, View
from cockpit.engine.output import into_log
from cockpit.engine.ownership import owned
from cockpit.engine.plan import Plan
from cockpit.engine.provenance import ProvenanceKeeper, environment
from cockpit.engine.rebuild import Rebuilt
from cockpit.engine.repeats import is_through, unsettled
from cockpit.engine.signals import interruptible
from cockpit.engine.steering import Steering
from cockpit.engine.take_up import take_up
from cockpit.engine.warm_client import WarmParentProcess
from cockpit.engine.warm_start import earlier_life
from cockpit.events.kinds import SweepStarted, SweepStatus
from cockpit.events.writer import EventWriter
from cockpit.search.population import Population
from cockpit.search.spec import Search
from cockpit.search.stopping import BASELINE, build_rules
from cockpit.store.folder import FolderError, RunFolder, claim
from cockpit.store.importance import LEAST_TRIALS
from cockpit.store.reader import Index
from trainers.files import write_whole

LONG_SECONDS = 60.0


class CompleteError(FolderError):
    """Nothing is left to do for a sweep that was to be taken up again."""


ViewMaker = Callable[[RunFolder, TextIO], View]


@dataclass(frozen=True)
class Job:
    """A plan and the circumstances of running it. `command` is the command line that does the same again.

    One that `queues` waits for the sweeps that came earlier on this machine; `budget` is how long it may run then.
    `again` is an experiment that was cut off or ended early and goes on now. `warm` is a warm parent that gets ready
    already; the sweep closes it. `rerun_of` is the trial that is run once more, `exp012/t003`.
    """

    plan: Plan
    logs: Path
    command: str
    address: str | None = None
    detached: bool = False
    again: RunFolder | None = None
    queues: bool = False
    budget: Budget | None = None
    warm: WarmParentProcess | None = None
    rerun_of: str = ""


def run_sweep(job: Job, make_view: ViewMaker, announce: Callable[[RunFolder], None]) -> tuple[RunFolder, Ending]:
    """Run a sweep to its end; `announce` is called as soon as the experiment has its folder.

    Raises `FolderError` before anything is started when the logs folder cannot be written, when another process runs
    this experiment, or when others hold the GPUs that it wants and it does not queue.
    """
    with Admission(job.plan, queues=job.queues, leases=job.address is None) as admission:
        run = _folder(job)
        with owned(run):
            return run, _run(job, run, admission, make_view, announce)


def _run(
    job: Job, run: RunFolder, admission: Admission, make_view: ViewMaker, announce: Callable[[RunFolder], None]
) -> Ending:
    inbox = Inbox(run)  # before anybody can know that the sweep runs
    past = None if job.again is None else take_up(run, job.plan.metric)
    if past is not None and past.is_complete(job.plan.total) and is_through(job.plan, past.trials):
        raise CompleteError(f"{run.id}: all its trials have ended; `--trials N` plans more of them")
    run.summary.unlink(missing_ok=True)  # of one taken up again it says how that ended, which is not true from here on
    _write_search(run, job.plan)
    ledger = EventWriter(run.sweep)
    ledger.write(_started(job, run) if past is None else _goes_on(job))
    conductor = _conductor(job, run, admission.plan, ledger, past)
    data = job.plan.shared.get("data")
    provenance = ProvenanceKeeper(run, job.plan.work.folder, None if data is None else Path(data))
    with provenance, interruptible(conductor.interrupt, detached=job.detached):
        admission.register(run, ledger)
        announce(run)
        timings.mark("run folder")
        with into_log(run.engine_log) as terminal, Observer(run, make_view(run, terminal)):
            try:
                if admission.wait(conductor, ledger, inbox) and not conductor.is_ending:
                    conductor.budget.start()
                    with MachineLog(run):
                        _conduct(job, conductor, run, inbox)
            except KeyboardInterrupt:
                conductor.interrupt("Ctrl-C, twice")
            except Exception as error:
                traceback.print_exc()
                last_line = (str(error).strip() or type(error).__name__).splitlines()[-1]
                conductor.ending = Ending("failed", f"the engine failed: {last_line}; see engine.log")
            finally:
                for command in inbox.read():
                    conductor.answer(command, "refused", "the sweep has ended")
                ending = conductor.close()
        with into_log(run.engine_log):
            _keep_importance(run)
    return ending


def _keep_importance(run: RunFolder) -> None:
    """Weigh the parameters for the diary, where that does not make a short sweep longer: Optuna takes its time."""
    try:
        with Index(run) as index:
            sweep, trials = index.sweep(), index.trials(best_metrics=False)
        if "optuna" not in sys.modules and (sweep.ended or 0.0) - (sweep.started or 0.0) < LONG_SECONDS:
            return
        if sweep.varied and len(trials) >= LEAST_TRIALS:
            from cockpit.engine.importance import weigh_and_keep

            weigh_and_keep(run, sweep, trials)
    except Exception:  # what can be worked out again is not worth how a sweep ended
        traceback.print_exc()


def _conductor(job: Job, run: RunFolder, plan: Plan, ledger: EventWriter, past: Rebuilt | None) -> Conductor:
    proposer = plan.proposer()
    if past is not None:
        open_trials = [trial.id for trial in past.trials if not trial.is_over]
        for known in earlier_life(run, [*open_trials, *unsettled(plan, past.trials)]):
            proposer.recall(replace(known, origin="added") if known.trial in past.added else known)
    rules, population = build_rules(plan.search), population_of(plan, run)
    return Conductor(plan, run, ledger, proposer, rules, past=past, population=population, budget=job.budget)


def _folder(job: Job) -> RunFolder:
    if job.again is not None:
        return job.again
    return claim(job.logs, job.plan.search.slug)


def _write_search(run: RunFolder, plan: Plan) -> None:
    """The search as it is run now: who takes it up again may have planned more trials."""
    write_whole(run.search, lambda stream: stream.write(plan.search.to_yaml().encode()))


def population_of(plan: Plan, run: RunFolder) -> Population | None:
    """What has bad trials copy good ones, in a search that asks for it."""
    if plan.search.scheduler != "pbt":
        return None
    exempt = (BASELINE,) if plan.search.baseline else ()
    return Population(plan.search, plan.mutable, lambda trial: last_checkpoint(run.trial(trial)), exempt)


def _conduct(job: Job, conductor: Conductor, run: RunFolder, inbox: Inbox) -> None:
    # The warm parent imports while the engine boots, so it comes first.
    with run.engine_log.open("ab") as log, job.warm or WarmParentProcess(job.plan.preload) as warm:
        warm.log_to(log)
        conductor.order = warm.order_trial
        _engine(job).run(conductor, warm, Steering(conductor, warm, inbox))


def _engine(job: Job) -> Engine:
    if job.plan.search.engine == "ray":
        from cockpit.engine.ray_engine import RayEngine

        return RayEngine(job.address)
    from cockpit.engine.local import LocalEngine

    return LocalEngine()


def _started(job: Job, run: RunFolder) -> SweepStarted:
    plan = job.plan
    return SweepStarted(
        experiment=run.id,
        search=plan.search.name,
        question=plan.search.note,
        trainer=plan.work.name,
        data=str(plan.shared.get("data", "")),
        engine=plan.search.engine,
        metric=plan.metric.name,
        goal=plan.metric.goal,
        trials=plan.total,
        varied=list(plan.search.varied),
        device=plan.device,
        extra=_told_beside(job),
        **_this_process(job),
    )


def _told_beside(job: Job) -> dict[str, Any]:
    """What the other fields have no place for: where lessons come from, how often trials run again, and of what."""
    plan = job.plan
    told = {"from": [lesson.experiment for lesson in plan.lessons], "confirm": plan.search.confirm}
    told["seeds"] = plan.search.seeds if plan.search.seeds > 1 else 0
    told["rerun_of"] = job.rerun_of
    return {key: value for key, value in told.items() if value}


def _goes_on(job: Job) -> SweepStatus:
    extra = {"trials": job.plan.total}
    return SweepStatus(status="running", reason="taken up again", extra=extra, **_this_process(job))


def _this_process(job: Job) -> dict[str, Any]:
    return {
        "command": job.command,
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "at": time.time(),
        "environment": {**environment(), **_price(job.plan.search)},
    }


def _price(search: Search) -> dict[str, float]:
    """What an hour of this machine costs, as the search says or else `$COCKPIT_PRICE_PER_HOUR`; empty if neither."""
    told = search.resources.price
    try:
        price = float(os.environ["COCKPIT_PRICE_PER_HOUR"]) if told is None else told
    except (KeyError, ValueError):
        return {}
    return {"price_per_hour": price} if math.isfinite(price) else {}
