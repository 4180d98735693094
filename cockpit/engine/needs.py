"""What a trial needs on the machine where it runs: the same code and the same data. Found out here, checked there."""

from __future__ import annotations

import hashlib
import importlib.util
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import cockpit
import trainers
from cockpit.engine.plan import Plan
from trainers import registry

OURS = (cockpit, trainers)
TOLD = ("torch", "numpy")  # whose versions may change results


@dataclass(frozen=True)
class Needs:
    """Plain values, because they travel.

    `code` is a digest of the packages in `OURS`, `paths` are files and folders with digests of what they are,
    `modules` must be there to be imported.
    """

    trainer: str
    code: str
    paths: tuple[tuple[str, str], ...]
    modules: tuple[str, ...]
    versions: dict[str, str]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def needs_of(plan: Plan) -> Needs:
    """What the trials of this plan need."""
    paths = [Path(str(plan.shared["data"]))] if "data" in plan.shared else []
    paths += _program(plan)
    modules = [*plan.preload, *plan.work.modules]
    return Needs(
        trainer=plan.search.trainer or "",
        code=code_digest(),
        paths=tuple((str(path), path_digest(path)) for path in paths),
        modules=tuple(modules),
        versions=_versions(),
    )


def problems(needs: Needs) -> Iterator[str]:
    """Why trials cannot run on this machine, each as the end of a line that names it."""
    for path, digest in needs.paths:
        if not os.path.lexists(path):
            yield f"{path} is not there; copy it to the same place"
        elif path_digest(Path(path)) != digest:
            yield f"{path} has other contents; copy it anew"
    if code_digest() != needs.code:
        yield "it runs other code of the cockpit; start Ray there without an installation of its own"
    for module in needs.modules:
        if not _is_there(module):
            yield f"the module {module} is not installed there"
    if needs.trainer:
        try:
            registry.find(needs.trainer)
        except Exception as error:
            yield str(error) or type(error).__name__


def differences(needs: Needs) -> list[str]:
    """Versions that differ here from those where the sweep runs; results may differ a little then."""
    here = _versions()
    return [
        f"{name} {here.get(name) or 'missing'}, not {found}"
        for name, found in needs.versions.items()
        if found and here.get(name) != found
    ]


def code_to_ship(plan: Plan) -> list[str]:
    """The packages that trials are run with, as paths: ours, and the trainer's own where they are not installed."""
    names = [plan.search.trainer or "", *plan.work.modules]
    tops = dict.fromkeys(name.partition(".")[0] for name in names if "." in name)
    found = (_origin(top) for top in tops if top not in {package.__name__ for package in OURS})
    ours = [Path(package.__path__[0]) for package in OURS]
    return [str(path) for path in (*ours, *(path for path in found if path is not None))]


def code_digest() -> str:
    """Of all the source files in `OURS`, as they were found by this process."""
    digest = hashlib.sha256()
    for package in OURS:
        root = Path(package.__path__[0])
        for file in sorted(root.rglob("*.py")):
            digest.update(f"{package.__name__}/{file.relative_to(root)}\0".encode() + file.read_bytes() + b"\0")
    return digest.hexdigest()


def path_digest(path: Path) -> str:
    """Of a file's bytes, or of the names in a folder with the sizes of its files."""
    if path.is_dir():
        with os.scandir(path) as entries:
            lines = sorted(f"{entry.name}\0{entry.stat().st_size if entry.is_file() else '/'}" for entry in entries)
        return hashlib.sha256("\n".join(lines).encode(errors="surrogateescape")).hexdigest()
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _program(plan: Plan) -> Sequence[Path]:
    """The script of a search for a program. Its folder must be there as well, which follows from that."""
    if not plan.search.program:
        return []
    script = Path(plan.search.directory or Path.cwd(), plan.search.program)
    return [script.resolve()] if script.is_file() else []


def _origin(name: str) -> Path | None:
    """Where a module or package is found; None for one that was installed, which is checked and not shipped."""
    spec = importlib.util.find_spec(name)
    if spec is None:
        return None
    places = list(spec.submodule_search_locations or ([spec.origin] if spec.origin else []))
    path = Path(places[0]) if places else None
    return None if path is None or {"site-packages", "dist-packages"} & set(path.parts) else path


def _is_there(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def _versions() -> dict[str, str]:
    found = {}
    for name in TOLD:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = ""
    return found
