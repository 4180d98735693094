"""`cockpit sweep --dry-run`: what would be run, and how long it would take."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cockpit.cli.options import print_json, print_table

if TYPE_CHECKING:
    from cockpit.engine.estimate import Estimate
    from cockpit.engine.plan import Plan

FIRST_CONFIGS = 5


def show_plan(plan: Plan, logs: Path, measures: bool, as_json: bool) -> None:
    """Tell the plan; `measures` allows to run a trial for some seconds where no earlier sweep tells the time."""
    found = _estimate(plan, logs, measures)
    if as_json:
        _print_document(plan, found)
    else:
        _print_text(plan, found)


def _estimate(plan: Plan, logs: Path, measures: bool) -> Estimate | None:
    from cockpit.engine.estimate import from_history, from_pace

    found = from_history(plan, logs)
    if found is not None or not measures or plan.total is None:
        return found
    from cockpit.engine.first_steps import measure

    pace = measure(plan)
    return None if pace is None else from_pace(plan, pace)


def _print_document(plan: Plan, estimate: Estimate | None) -> None:
    share = plan.share
    resources = {"concurrent": share.concurrent, "cpu": share.cpu, "gpu": share.gpu, "threads": share.threads}
    facts = {"search": plan.search.to_mapping(), "trials": plan.total, "planned": plan.totals}
    facts |= {"device": plan.device, "device_text": plan.device_text}
    told = None if estimate is None else asdict(estimate)
    print_json({**facts, "resources": resources, "estimate": told, "first_configs": plan.first_configs(FIRST_CONFIGS)})


def _print_text(plan: Plan, estimate: Estimate | None) -> None:
    from cockpit.store.numbers import counted, setting_text

    configs, share = plan.first_configs(FIRST_CONFIGS), plan.share
    click.echo(plan.search.to_yaml().rstrip())
    threads = counted(share.threads, "thread")
    click.echo(f"\n{plan.totals}, {share.concurrent} at once, {threads} each, device {plan.device_text}")
    if plan.search.expected:
        click.echo(f"expected time: {plan.search.expected}")
    click.echo(f"estimated time: {_estimate_text(estimate)}")
    click.echo("first configurations, where results do not change them:\n")
    names = list(dict.fromkeys([*plan.search.varied, *(configs[0] if configs else ())]))
    print_table(names, [[setting_text(config.get(name)) for name in names] for config in configs])


def _estimate_text(estimate: Estimate | None) -> str:
    from cockpit.store.numbers import duration_text

    if estimate is None:
        return "unknown"
    low, high = duration_text(estimate.low), duration_text(estimate.high)
    between = f" ({low} to {high})" if low != high else ""
    return f"{duration_text(estimate.seconds)}{between}, {estimate.source}"
