"""Pushes work: its code as a dataset, and then a kernel that does it. Each is made once.

Work is a sweep of a search, or a prediction of a test set with the weights of a trial, which go up as a dataset too.
"""

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
from cockpit.kaggle.receipts import ACCELERATORS, refuse_retired
from cockpit.kaggle.states import DatasetState
from cockpit.kaggle.stopping import control_of, ensure_control
from cockpit.store.folder import FolderError, RunFolder, find_experiment

KIND = "push"
RUNNER = Path(__file__).with_name("runner.py")
ORDERS_LINE = "ORDERS: dict[str, Any] = {}\n"
LONGEST_SLUG = 50


@dataclass(frozen=True)
class Wanted:
    """What a run is to be: a sweep of `search`, to which `arguments` go, or a prediction with `weights`.

    `about` is what it is called in the ledger, such as `exp012/t003`; `data` is the name of the source that is its
    data.
    """

    search: Path | None = None
    weights: datasets.Folder | None = None
    about: str = ""
    arguments: tuple[str, ...] = ()
    accelerator: str = ""
    competitions: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    data: str = ""
    internet: bool = False
    timeout: int = 9 * 3600
    include: tuple[Path, ...] = ()
    wheels: tuple[Path, ...] = ()

    @property
    def name(self) -> str:
        """What the kernel is called after."""
        stem = self.search.stem if self.search else f"infer {self.about}"
        return re.sub(r"[^a-z0-9]+", "-", stem.lower()).strip("-")[: LONGEST_SLUG - 22].strip("-") or "search"


@dataclass(frozen=True)
class Plan:
    """What would go up: datasets with these files, and a kernel with this script and these settings.

    `control` is the dataset that tells the run to stop, empty for a run that cannot hear of it.
    """

    bundle: Bundle
    dataset: str
    kernel: str
    made: Intent
    body: Mapping[str, Any]
    weights: datasets.Folder | None = None
    control: str = ""


def plan(user: str, ledger: Ledger, wanted: Wanted, folder: Path, again: bool = False) -> Plan:
    """Everything but the uploads. Raises `FolderError`, and `RefusedError` for an accelerator that there is no more."""
    refuse_retired(wanted.accelerator)
    bundle = build(wanted.search, wanted.include, wanted.wheels, folder)
    dataset = f"{user}/{bundle.slug}"
    control = control_of(user) if wanted.internet else ""
    orders = {**_orders(wanted, bundle), "control": control}
    content = json.dumps([orders, wanted.datasets, wanted.internet, wanted.timeout], sort_keys=True)
    made = ledger.intent(KIND, user, content, _facts(wanted), again)
    slug = f"cockpit-{wanted.name}-{made.id}"
    weights = (wanted.weights.ref,) if wanted.weights else ()
    body = {
        "slug": f"{user}/{slug}",
        "newTitle": slug.replace("-", " "),  # a title that does not become the slug makes another kernel
        "text": script({**orders, "kernel": f"{user}/{slug}"}),
        "language": "python",
        "kernelType": "script",
        "datasetDataSources": [dataset, *weights, *wanted.datasets],
        "competitionDataSources": list(wanted.competitions),
        "isPrivate": True,
        "enableGpu": ACCELERATORS.get(wanted.accelerator) == "gpu",
        "enableTpu": ACCELERATORS.get(wanted.accelerator) == "tpu",
        "enableInternet": wanted.internet,
        "sessionTimeoutSeconds": wanted.timeout,
        **({"machineShape": wanted.accelerator} if wanted.accelerator else {}),
    }
    return Plan(bundle, dataset, f"{user}/{slug}", made, body, wanted.weights, control)


def _facts(wanted: Wanted) -> dict[str, Any]:
    work = {"search": str(wanted.search)} if wanted.search else {"infer": wanted.about}
    return {
        **work,
        **({"trial": wanted.about} if wanted.about else {}),
        "accelerator": wanted.accelerator,
        "arguments": list(wanted.arguments),
        "internet": wanted.internet,
    }


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
    if planned.control:
        ensure_control(client, ledger, planned.control, settling)
    for folder in _folders(planned):
        _ensure(client, ledger, folder, ready_seconds, settling)

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


def push_of(ledger: Ledger, kernel: str) -> Intent | None:
    """Our push of a kernel; None for one that was pushed elsewhere."""
    return next((one for one in reversed(pushed(ledger)) if one.result.get("kernel") == kernel), None)


def kernel_of(logs: Path, name: str) -> str:
    """The kernel that `EXP` ran in, or `OWNER/KERNEL` itself. Raises `FolderError` for what did not run at Kaggle."""
    if "/" in name:
        return name
    return str(push_of_experiment(logs, find_experiment(logs, name)).result["kernel"])


def push_of_experiment(logs: Path, run: RunFolder) -> Intent:
    """The push that became this experiment. Raises `FolderError` for one that did not run at Kaggle."""
    found = [one for one in pushed(Ledger(logs)) if one.result.get("experiment") == run.id]
    if not found:
        raise FolderError(f"{run.id}: is no run at Kaggle; name a kernel as OWNER/KERNEL")
    return found[-1]


def _version_of(client: Client, kernel: str) -> int | None:
    """The version of a kernel; None where it does not exist. Its name is made of its intent, so it is ours."""
    try:
        return client.kernel_version(kernel)
    except NotFoundError:
        return None


def _folders(planned: Plan) -> list[datasets.Folder]:
    title = planned.bundle.slug.replace("-", " ")
    code = datasets.Folder(planned.bundle.files[0].parent, planned.dataset, title, datasets.LICENSE)
    return [code, *([planned.weights] if planned.weights else [])]


def _ensure(client: Client, ledger: Ledger, folder: datasets.Folder, ready_seconds: float, settling: Settling) -> None:
    """A dataset that is named after what is in it: where it is there, it is the right one."""
    if client.dataset_state(folder.ref) is None:
        datasets.create_scanned(client, ledger, folder, settling)
    state = datasets.wait_ready(client, folder.ref, ready_seconds, min(10.0, ready_seconds))
    if state is not DatasetState.READY:
        word = state.value if state else "not there"
        raise KaggleError(f"{folder.ref}: is {word} after {ready_seconds:g} s; push again when it is ready")


def _orders(wanted: Wanted, bundle: Bundle) -> dict[str, Any]:
    mounts = [*(split_ref(ref)[1] for ref in wanted.datasets), *wanted.competitions]
    data = wanted.data or (mounts[0] if len(mounts) == 1 else "")
    if data and data not in mounts:
        raise RefusedError(f"--data {data}: is none of the sources that are mounted: {', '.join(mounts) or 'none'}")
    common = {"code": bundle.digest, "accelerator": wanted.accelerator, "data": data}
    if wanted.weights is not None:
        weights = split_ref(wanted.weights.ref)[1]
        return {**common, "task": "infer", "weights": weights, "mounts": [weights, *mounts]}
    arguments = ["--engine", "local", *wanted.arguments]
    return {**common, "task": "sweep", "search": bundle.search, "arguments": arguments, "mounts": mounts}


def with_folder() -> tempfile.TemporaryDirectory[str]:
    """Where a bundle is made."""
    return tempfile.TemporaryDirectory(prefix="cockpit-push-")
