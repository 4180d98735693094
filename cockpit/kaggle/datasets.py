"""Checkpoints of a trial as a private dataset: a folder is made here, and goes up as a dataset or a version of one."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cockpit.kaggle.client import Client, split_ref
from cockpit.kaggle.errors import RefusedError
from cockpit.kaggle.intents import Change, Intent, Ledger, Outcome, Settling, once
from cockpit.kaggle.secret_scan import refuse_secrets
from cockpit.kaggle.states import DatasetState
from cockpit.kaggle.sums import sha256
from cockpit.store.folder import FolderError, RunFolder
from cockpit.store.reader import Index

METADATA, ABOUT = "dataset-metadata.json", "cockpit.json"  # the first is what the official client reads as well
CREATE, VERSION = "dataset", "dataset version"
LICENSE = "CC0-1.0"
BEST, WEIGHTS = "best", "weights"
SHORTEST, LONGEST = 6, 50  # characters of a title and of a slug, which the service asks for


@dataclass(frozen=True)
class Folder:
    """A folder that is or becomes a dataset: `ref` is `owner/slug`."""

    path: Path
    ref: str
    title: str
    license: str

    @property
    def files(self) -> list[Path]:
        """What goes up: all files but the metadata; folders do not."""
        found = [path for path in self.path.iterdir() if path.is_file() and not path.name.startswith(".")]
        return sorted(path for path in found if path.name != METADATA)

    @property
    def content(self) -> str:
        """A text that is another one whenever a file is."""
        return " ".join(f"{path.name}:{sha256(path)}" for path in self.files)


def init(
    run: RunFolder,
    trial: str,
    folder: Path,
    ref: str,
    title: str,
    extract: Callable[[Path, Path], object] | None = None,
) -> Folder:
    """Make the folder of a dataset with a trial's best checkpoint and, as `cockpit.json`, what it is one of.

    With `extract`, which writes the `state_dict` of its first argument to its second, that is what goes in alone; the
    file that the trainer itself keeps as `weights` is taken where there is one. Raises `FolderError` where there is no
    such file, or the folder has something in it.
    """
    made = _checked(Folder(folder, ref, title, LICENSE))
    with Index(run) as index:
        saved, sweep = index.saved(trial), index.sweep()
        row = next(row for row in index.trials() if row.id == trial)
    label, source = _best_file(run, trial, saved, weights_only=extract is not None)
    if folder.exists() and any(folder.iterdir()):
        raise FolderError(f"{folder}: has something in it; name another folder with --out")
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / (f"{WEIGHTS}.pt" if extract is not None else source.name)
    if extract is not None and label == BEST:
        extract(source, target)
    else:
        _copy(source, target)
    about = {
        "experiment": run.id,
        "trial": trial,
        "file": target.name,
        "sha256": sha256(target),
        "trainer": sweep.trainer,
        "metric": sweep.metric,
        "best": row.best,
        "config": dict(row.config),
        "seed": row.seed,
    }
    _write(folder / ABOUT, about)
    _write(folder / METADATA, {"title": title, "id": ref, "licenses": [{"name": LICENSE}]})
    return made


def weights_folder(
    run: RunFolder, trial: str, folder: Path, user: str, extract: Callable[[Path, Path], object]
) -> Folder:
    """The folder of a dataset with a trial's best weights alone, named after what they are and looked through.

    Raises `FolderError` as `init` does, and where there is a secret in it.
    """
    with Index(run) as index:
        _, source = _best_file(run, trial, index.saved(trial), weights_only=True)
        row = next(row for row in index.trials() if row.id == trial)
        made_of = json.dumps([sha256(source), run.id, trial, dict(row.config), row.seed], sort_keys=True)
    slug = f"cockpit-weights-{hashlib.sha256(made_of.encode()).hexdigest()[:12]}"
    made = init(run, trial, folder, f"{user}/{slug}", slug.replace("-", " "), extract)
    refuse_secrets(made.files)
    return made


def read_folder(path: Path) -> Folder:
    """A folder with `dataset-metadata.json` in it. Raises `FolderError`."""
    metadata = path / METADATA
    try:
        said = json.loads(metadata.read_text(encoding="utf-8"))
        licenses = said.get("licenses") or [{"name": LICENSE}]
        return _checked(Folder(path, str(said["id"]), str(said["title"]), str(licenses[0]["name"])))
    except OSError as error:
        raise FolderError(
            f"{metadata}: cannot be read ({error.strerror}); `cockpit kaggle dataset init TRIAL` makes such a folder"
        ) from None
    except (ValueError, TypeError, KeyError, AttributeError, IndexError):
        raise FolderError(
            f"{metadata}: has to have `id` (OWNER/NAME) and `title`; see `cockpit kaggle dataset init`"
        ) from None


def create(client: Client, ledger: Ledger, folder: Folder, settling: Settling) -> Outcome[str]:
    """Make the dataset, private. Raises `RefusedError` where there is one of that name that is not this one, and
    `FolderError` where there is a secret in it."""
    refuse_secrets([*folder.files, folder.path / METADATA])
    return create_scanned(client, ledger, folder, settling)


def create_scanned(client: Client, ledger: Ledger, folder: Folder, settling: Settling) -> Outcome[str]:
    """`create` of files that were looked through before. One that was deleted over there is made again."""

    def send(made: Intent, tokens: list[str]) -> Mapping[str, Any]:
        about = f"Made by cockpit {made.mark}"
        return {"url": client.create_dataset(folder.ref, folder.title, tokens, about, folder.license)}

    def prepare() -> list[str]:
        if client.dataset_state(folder.ref) is not None:
            raise RefusedError(f"{folder.ref}: exists; add a version with `cockpit kaggle dataset version`")
        return _upload(client, folder)

    is_gone = client.dataset_state(folder.ref) is None
    made = _intent(ledger, folder, CREATE, folder.content, is_gone)
    return _change(client, ledger, folder, made, prepare, send, settling)


def version(client: Client, ledger: Ledger, folder: Folder, message: str, settling: Settling) -> Outcome[str]:
    """Make a new version of the dataset. Raises `RefusedError` where there is no dataset, or one that is not ready, and
    `FolderError` where there is a secret in it."""
    refuse_secrets([*folder.files, folder.path / METADATA])

    def send(made: Intent, tokens: list[str]) -> Mapping[str, Any]:
        return {"url": client.create_dataset_version(folder.ref, tokens, f"{message} {made.mark}")}

    def prepare() -> list[str]:
        state = client.dataset_state(folder.ref)
        if state is None:
            raise RefusedError(f"{folder.ref}: does not exist; make it with `cockpit kaggle dataset create`")
        if state is DatasetState.PROCESSING:
            raise RefusedError(f"{folder.ref}: its newest version is still being processed; try again in some minutes")
        return _upload(client, folder)

    made = _intent(ledger, folder, VERSION, f"{message} {folder.content}")
    return _change(client, ledger, folder, made, prepare, send, settling)


def wait_ready(
    client: Client, ref: str, most: float, every: float, sleep: Callable[[float], None] = time.sleep
) -> DatasetState | None:
    """The state of a dataset once it is ready or failed, or after `most` seconds."""
    waited = 0.0
    while True:
        state = client.dataset_state(ref)
        if state in (DatasetState.READY, DatasetState.FAILED, DatasetState.DELETED) or waited >= most:
            return state
        sleep(every)
        waited += every


def slug_of(name: str) -> str:
    """A name as the service's addresses have it: small letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:LONGEST].strip("-")


def _best_file(run: RunFolder, trial: str, saved: Mapping[str, str], *, weights_only: bool) -> tuple[str, Path]:
    """The label and the path of what a trial keeps of its best state."""
    label = WEIGHTS if weights_only and WEIGHTS in saved else BEST
    source = run.trial(trial).path / saved.get(label, "")
    if label not in saved or not source.is_file():
        known = f"it has {', '.join(sorted(saved))}" if saved else "it saved none"
        raise FolderError(f"{run.id}/{trial}: has no file {label}; {known}")
    return label, source


def _intent(ledger: Ledger, folder: Folder, kind: str, content: str, again: bool = False) -> Intent:
    if not folder.files:
        raise FolderError(f"{folder.path}: has no files besides {METADATA}; nothing was uploaded")
    facts = {"folder": str(folder.path), "files": [path.name for path in folder.files]}
    return ledger.intent(kind, folder.ref, content, facts, again)


def _change(
    client: Client,
    ledger: Ledger,
    folder: Folder,
    made: Intent,
    prepare: Callable[[], list[str]],
    send: Callable[[Intent, list[str]], Mapping[str, Any]],
    settling: Settling,
) -> Outcome[str]:
    def find(made: Intent) -> str | None:
        notes = client.dataset_notes(folder.ref) or []
        return folder.ref if any(made.mark in note for note in notes) else None

    return once(ledger, made, Change(find, prepare, send, lambda ref: {"ref": ref}, verified=False), settling)


def _upload(client: Client, folder: Folder) -> list[str]:
    return [client.upload_file(path) for path in folder.files]


def _checked(folder: Folder) -> Folder:
    _, slug = split_ref(folder.ref)
    for what, text in (("name", slug), ("title", folder.title)):
        if not SHORTEST <= len(text) <= LONGEST:
            raise FolderError(f"{text}: Kaggle wants a {what} of {SHORTEST} to {LONGEST} characters")
    if slug != slug_of(slug):
        raise FolderError(f"{folder.ref}: write the name as {slug_of(slug)}, with small letters, digits and hyphens")
    return folder


def _copy(source: Path, target: Path) -> None:
    """A link costs nothing, and checkpoints are replaced, not written over; a copy where there can be none."""
    try:
        target.hardlink_to(source)
    except OSError:
        shutil.copyfile(source, target)


def _write(path: Path, said: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(said, ensure_ascii=False, indent=1) + os.linesep, encoding="utf-8")
