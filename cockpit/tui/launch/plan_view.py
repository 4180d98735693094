"""What the pane with the plan shows, put together from what is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cockpit.store.catalogue import ExperimentRow
from cockpit.tui.launch.desk import Desk
from cockpit.tui.launch.options import BY_NAME
from cockpit.tui.launch.plan import columns_of, expectation, headline
from cockpit.tui.launch.problem import Problem


@dataclass(frozen=True)
class PlanView:
    """`columns` are parameters, `wait` is what is being waited for, `source` where a time is from.

    Where there is an `error` nothing can be started; where there is neither that nor a `key`, not now. `is_old` says
    that the configurations are those of an earlier plan.
    """

    headline: str = "Plan"
    columns: Sequence[str] = ()
    configs: Sequence[Mapping[str, Any]] = ()
    source: str = ""
    wait: str = ""
    error: str = ""
    key: str = ""
    is_old: bool = False


def plan_view(desk: Desk, rows: Sequence[ExperimentRow], key: str, starts: bool) -> PlanView:
    """`rows` are earlier experiments, `key` is what has to be pressed; `starts` while the sweep is being started."""
    wait = "starting" if starts else _waiting(desk.waited)
    if desk.problem is not None:
        return PlanView(error=_with_place(desk.problem), wait=wait)
    if desk.draft is None or desk.search is None:
        return PlanView(error=desk.broken, wait=wait)
    plan = desk.plan if desk.is_checked else None
    trials = plan.trials if plan else desk.search.run_cap
    expected = expectation(desk.search, desk.draft.original, trials, rows)
    configs = desk.plan.configs if desk.plan else ()
    return PlanView(
        headline=headline(desk.search, plan, expected.seconds),
        columns=columns_of(desk.search, configs),
        configs=configs,
        source=expected.source,
        wait=wait,
        key="" if starts else key,
        is_old=not desk.is_checked,
    )


def _with_place(problem: Problem) -> str:
    """What is wrong, and where."""
    spot = problem.spot
    if spot is None:
        return problem.text
    where = f"{spot.parameter} {spot.cell}" if spot.parameter else BY_NAME[spot.option].label
    return problem.text if problem.text.startswith(f"{where} ") else f"{where}: {problem.text}"


def _waiting(seconds: int | None) -> str:
    if seconds is None:
        return ""
    return f"checking, {seconds} s" if seconds else "checking"
