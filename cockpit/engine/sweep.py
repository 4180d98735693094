"""One sweep from its plan to its end: the run folder, the warm parent, the engine, and the observer beside them."""

from __future__ import annotations

import os
import socket
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from cockpit.engine.base import Engine
from cockpit.engine.conductor import Conductor, Ending
from cockpit.engine.control import Inbox
from cockpit.engine.observer import Observer, View
from cockpit.engine.output import into_log
from cockpit.engine.plan import Plan
from cockpit.engine.proposer import proposer_for
from cockpit.engine.provenance import environment
from cockpit.engine.signals import interruptible
from cockpit.engine.steering import Steering
from cockpit.engine.warm_client import WarmParentProcess
from cockpit.events.kinds import SweepStarted
from cockpit.events.writer import EventWriter
from cockpit.search.stopping import build_rules
from cockpit.store.folder import RunFolder, claim

ViewMaker = Callable[[RunFolder, TextIO], View]


@dataclass(frozen=True)
class Job:
    """A plan and the circumstances of running it. `command` is the command line that does the same again."""

    plan: Plan
    logs: Path
    command: str
    address: str | None = None
    detached: bool = False


def run_sweep(job: Job, make_view: ViewMaker, announce: Callable[[RunFolder], None]) -> tuple[RunFolder, Ending]:
    """Run a sweep to its end; `announce` is called as soon as the experiment has its folder.

    Raises `FolderError` before anything is started when the logs folder cannot be written.
    """
    run = claim(job.logs, job.plan.search.slug)
    run.search.write_text(job.plan.search.to_yaml(), encoding="utf-8")
    inbox = Inbox(run)  # before anybody can know that the sweep runs
    ledger = EventWriter(run.sweep)
    ledger.write(_started(job, run))
    announce(run)
    conductor = Conductor(job.plan, run, ledger, proposer_for(job.plan.search), build_rules(job.plan.search))
    with into_log(run.engine_log) as terminal, Observer(run, make_view(run, terminal)):
        try:
            with interruptible(conductor.interrupt, detached=job.detached):
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
    return run, ending


def _conduct(job: Job, conductor: Conductor, run: RunFolder, inbox: Inbox) -> None:
    # The warm parent imports while the engine boots, so it comes first.
    with run.engine_log.open("ab") as log, WarmParentProcess(job.plan.preload, log) as warm:
        _engine(job).run(conductor, warm, Steering(conductor, warm, inbox))


def _engine(job: Job) -> Engine:
    if job.plan.search.engine == "ray":
        from cockpit.engine.ray_tune import RayEngine

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
        command=job.command,
        host=socket.gethostname(),
        pid=os.getpid(),
        at=time.time(),
        environment=environment(),
    )
