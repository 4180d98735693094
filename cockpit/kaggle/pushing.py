"""Pushes a search: its code as a dataset, and then a kernel that runs it. Each is made once."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cockpit.kaggle import datasets
from cockpit.kaggle.bundle import Bundle, build
from cockpit.kaggle.client import Client, split_ref
from cockpit.kaggle.errors import KaggleError, NotFoundError, RefusedError
from cockpit.kaggle.intents import DONE, Change, Intent, Ledger, Outcome, Settling, once
from cockpit.kaggle.states import DatasetState
from cockpit.store.folder import FolderError, find_experiment

KIND = "push"
RUNNER = Path(__file__).with_name("runner.py")
ORDERS_LINE = "ORDERS: dict[str, Any] = {}\n"
# The service takes any name, and puts another machine in the place of one that it has no more.
ACCELERATORS = {
    "": "cpu",
    "NvidiaTeslaT4": "gpu",
    "NvidiaL4": "gpu",
    "NvidiaL4X1": "gpu",
    "NvidiaTeslaA100": "gpu",
    "NvidiaH100": "gpu",
    "NvidiaRtxPro6000": "gpu",
    "TpuV5E8": "tpu",
    "TpuV6E8": "tpu",
}
RETIRED = ("NvidiaTeslaP100", "Tpu1VmV38", "TpuV38")
LONGEST_SLUG = 50


@dataclass(frozen=True)
class Wanted:
    """What a run is to be. `arguments` go to `cockpit sweep`, `data` is the name of the source that is its data."""

    search: Path
    arguments: tuple[str, ...] = ()
    accelerator: str = ""
    competitions: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    data: str = ""
    internet: bool = False
    timeout: int = 9 * 3600
    include: tuple[Path, ...] = ()
    wheels: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Plan:
    """What would go up: a dataset with these files, and a kernel with this script and these settings."""

    bundle: Bundle
    dataset: str
    kernel: str
    made: Intent
    body: Mapping[str, Any]


def plan(user: str, ledger: Ledger, wanted: Wanted, folder: Path, again: bool = False) -> Plan:
    """Everything but the uploads. Raises `FolderError`, and `RefusedError` for an accelerator that there is no more."""
    _refuse_retired(wanted.accelerator)
    bundle = build(wanted.search, wanted.include, wanted.wheels, folder)
    dataset = f"{user}/{bundle.slug}"
    orders = _orders(wanted, bundle)
    content = json.dumps([orders, wanted.datasets, wanted.internet, wanted.timeout], sort_keys=True)
    facts = {"search": str(wanted.search), "accelerator": wanted.accelerator, "arguments": list(wanted.arguments)}
    made = ledger.intent(KIND, user, content, facts, again)
    name = re.sub(r"[^a-z0-9]+", "-", wanted.search.stem.lower()).strip("-")[: LONGEST_SLUG - 22] or "search"
    slug = f"cockpit-{name}-{made.id}"
    body = {
        "slug": f"{user}/{slug}",
        "newTitle": slug.replace("-", " "),  # a title that does not become the slug makes another kernel
        "text": script(orders),
        "language": "python",
        "kernelType": "script",
        "datasetDataSources": [dataset, *wanted.datasets],
        "competitionDataSources": list(wanted.competitions),
        "isPrivate": True,
        "enableGpu": ACCELERATORS.get(wanted.accelerator) == "gpu",
        "enableTpu": ACCELERATORS.get(wanted.accelerator) == "tpu",
        "enableInternet": wanted.internet,
        "sessionTimeoutSeconds": wanted.timeout,
        **({"machineShape": wanted.accelerator} if wanted.accelerator else {}),
    }
    return Plan(bundle, dataset, f"{user}/{slug}", made, body)


def script(orders: Mapping[str, Any]) -> str:
    """The runner with its orders in it."""
    text = RUNNER.read_text(encoding="utf-8")
    assert ORDERS_LINE in text
    return text.replace(ORDERS_LINE, f"ORDERS: dict[str, Any] = json.loads({json.dumps(orders)!r})\n")


def push(client: Client, ledger: Ledger, planned: Plan, ready_seconds: float, settling: Settling) -> Outcome[int]:
    """Upload the code unless it is there, wait until it is ready, and push the kernel unless that was done.

    `result` of the outcome's intent has `kernel`, `version` and, where the service left data out, `invalid`. Raises
    `KaggleError`.
    """
    _ensure_code(client, ledger, planned, ready_seconds, settling)

    def send(_: Intent, __: None) -> Mapping[str, Any]:
        pushed = client.save_kernel(planned.body)
        return {"kernel": planned.kernel, "version": pushed.version, "invalid": pushed.invalid}

    change = Change(
        find=lambda _: _version_of(client, planned.kernel),
        prepare=lambda: None,
        send=send,
        record=lambda version: {"kernel": planned.kernel, "version": version},
        verified=False,
    )
    return once(ledger, planned.made, change, settling)


def pushed(ledger: Ledger) -> list[Intent]:
    """Our runs that Kaggle took, oldest first."""
    return [one for one in ledger.intents().values() if one.kind == KIND and one.phase == DONE]


def kernel_of(logs: Path, name: str) -> str:
    """The kernel that `EXP` ran in, or `OWNER/KERNEL` itself. Raises `FolderError` for what did not run at Kaggle."""
    if "/" in name:
        return name
    run = find_experiment(logs, name)
    found = [one for one in pushed(Ledger(logs)) if one.result.get("experiment") == run.id]
    if not found:
        raise FolderError(f"{run.id}: is no run at Kaggle; name a kernel as OWNER/KERNEL")
    return str(found[-1].result["kernel"])


def _version_of(client: Client, kernel: str) -> int | None:
    """The version of a kernel; None where it does not exist. Its name is made of its intent, so it is ours."""
    try:
        return client.kernel_version(kernel)
    except NotFoundError:
        return None


def _ensure_code(client: Client, ledger: Ledger, planned: Plan, ready_seconds: float, settling: Settling) -> None:
    folder = datasets.Folder(
        planned.bundle.files[0].parent, planned.dataset, planned.bundle.slug.replace("-", " "), datasets.LICENSE
    )
    if client.dataset_state(planned.dataset) is None:
        datasets.create_scanned(client, ledger, folder, settling)
    state = datasets.wait_ready(client, planned.dataset, ready_seconds, min(10.0, ready_seconds))
    if state is not DatasetState.READY:
        word = state.value if state else "not there"
        raise KaggleError(f"{planned.dataset}: is {word} after {ready_seconds:g} s; push again when it is ready")


def _orders(wanted: Wanted, bundle: Bundle) -> dict[str, Any]:
    mounts = [*(split_ref(ref)[1] for ref in wanted.datasets), *wanted.competitions]
    data = wanted.data or (mounts[0] if len(mounts) == 1 else "")
    if data and data not in mounts:
        raise RefusedError(f"--data {data}: is none of the sources that are mounted: {', '.join(mounts) or 'none'}")
    return {
        "code": bundle.digest,
        "search": bundle.search,
        "arguments": ["--engine", "local", *wanted.arguments],
        "accelerator": wanted.accelerator,
        "mounts": mounts,
        "data": data,
    }


def _refuse_retired(accelerator: str) -> None:
    if accelerator in RETIRED:
        known = ", ".join(name for name in ACCELERATORS if name)
        raise RefusedError(f"{accelerator}: Kaggle has it no more, and silently gives another one; there are {known}")


def mismatch(receipt: Mapping[str, Any]) -> str:
    """What a run got other than it asked for, in one phrase; empty where that fits."""
    asked = str(receipt.get("asked") or "")
    wanted = ACCELERATORS.get(asked)
    got = str(receipt.get("device") or "nothing")
    return f"asked for {asked}, got {got}" if wanted and wanted != got and asked else ""


def with_folder() -> tempfile.TemporaryDirectory[str]:
    """Where a bundle is made."""
    return tempfile.TemporaryDirectory(prefix="cockpit-push-")
