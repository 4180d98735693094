"""The script that runs at Kaggle. It is pushed as it stands here, with its orders in the place of `ORDERS`.

It knows the standard library only. It finds the code and the data among what is mounted, tells what it really got as
the first line it prints, runs the sweep without a screen and without a network, prints every line of the sweep's record
with a mark, and leaves the record as output, with the checksums of all its files. `COCKPIT_KAGGLE_ROOT` stands for `/`
where this is tried out.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

ORDERS: dict[str, Any] = {}
MARK = "@@cockpit "
ROOT = Path(os.environ.get("COCKPIT_KAGGLE_ROOT", "/"))
INPUT, WORKING = ROOT / "kaggle" / "input", ROOT / "kaggle" / "working"
CODE, SUMS = "cockpit-code.json", "SHA256SUMS"
PACKAGES = ("torch", "torch_xla", "torch_tpu", "transformers", "optuna", "numpy")
LOOK_SECONDS = 0.5
DEEPEST = 4  # folders below the mounts that are looked through; where datasets lie has changed before


def tell(kind: str, **said: Any) -> None:
    print(MARK + json.dumps({"kind": kind, **said}, ensure_ascii=False), flush=True)


def main() -> int:
    """Run the orders; return what the sweep returned."""
    found = {name: _find(name) for name in ORDERS["mounts"]}
    code = _find_code()
    tell("receipt", **receipt(found, code))
    if code is None:
        print(f"the code {ORDERS['code']} is not mounted; look at the data sources of this kernel", file=sys.stderr)
        return 2
    missing = [name for name, path in found.items() if path is None]
    if missing:
        print(f"not mounted: {', '.join(missing)}", file=sys.stderr)
        return 2
    home = _unpack(code)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, [home, *_install(code.parent)]))}
    status = run(home, environment, found)
    _write_sums()
    return status


def receipt(found: dict[str, Path | None], code: Path | None) -> dict[str, Any]:
    """What this machine has, beside what was asked for."""
    kind, names = devices()
    return {
        "asked": ORDERS["accelerator"],
        "device": kind,
        "count": len(names),
        "names": names,
        "python": sys.version.split()[0],
        "versions": {name: known for name in PACKAGES if (known := _version(name))},
        "code": None if code is None else ORDERS["code"],
        "data": {name: None if path is None else str(path) for name, path in found.items()},
    }


def devices() -> tuple[str, list[str]]:
    """The kind of accelerator, and one name for each: `tpu`, `gpu`, or `cpu` with its cores."""
    chips = sorted(map(str, [*(ROOT / "dev").glob("accel*"), *(ROOT / "dev" / "vfio").glob("[0-9]*")]))
    if chips:
        return "tpu", chips
    try:
        done = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, timeout=30, check=False)
        names = [line.partition(":")[2].partition("(")[0].strip() for line in done.stdout.splitlines() if line]
    except (OSError, subprocess.SubprocessError):
        names = []
    return ("gpu", names) if names else ("cpu", [f"core {number}" for number in range(os.cpu_count() or 1)])


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _below(folder: Path, depth: int) -> Iterator[Path]:
    """Folders, the nearer ones first."""
    level = [folder]
    for _ in range(depth):
        level = [path for parent in level if parent.is_dir() for path in sorted(parent.iterdir()) if path.is_dir()]
        yield from level


def _find(name: str) -> Path | None:
    """Where a dataset or a competition is mounted."""
    return next((path for path in _below(INPUT, DEEPEST) if path.name == name), None)


def _find_code() -> Path | None:
    """The file that says which code lies beside it."""
    for folder in (INPUT, *_below(INPUT, DEEPEST)):
        marker = folder / CODE
        if marker.is_file() and json.loads(marker.read_text())["code"] == ORDERS["code"]:
            return marker
    return None


def _unpack(marker: Path) -> Path:
    """The code in a folder of its own. Kaggle unpacks archives in datasets, or does not."""
    home = ROOT / "tmp" / "cockpit-code"
    archive = marker.parent / "code.zip"
    if archive.is_file():
        with zipfile.ZipFile(archive) as opened:
            opened.extractall(home)
    else:
        shutil.copytree(marker.parent / "code", home, dirs_exist_ok=True)
    return home


def _install(folder: Path) -> list[Path]:
    """Packages that came along, put where nothing of the image is changed; none came without wheels."""
    wheels = sorted(map(str, folder.glob("*.whl")))
    if not wheels:
        return []
    target = ROOT / "tmp" / "cockpit-packages"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--target", str(target)]
    subprocess.run([*command, *wheels], check=True)
    return [target]


def run(home: Path, environment: dict[str, str], found: dict[str, Path | None]) -> int:
    """The sweep, from its first line to its last."""
    logs = WORKING / "logs"
    command = [sys.executable, "-m", "cockpit", "sweep", str(home / ORDERS["search"]), *ORDERS["arguments"]]
    if ORDERS["data"]:
        command += ["--data", str(found[ORDERS["data"]])]
    WORKING.mkdir(parents=True, exist_ok=True)
    process = subprocess.Popen([*command, "--logs", str(logs)], cwd=home, env=environment)
    record = Record(logs)
    while True:
        status = process.poll()
        record.tell()
        if status is not None:
            record.tell()
            return status
        time.sleep(LOOK_SECONDS)


class Record:
    """The files of the sweep's record, told line by line as they grow."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._read: dict[Path, int] = {}

    def tell(self) -> None:
        """New whole lines. The ledger is read first and told last: a trial that ended has been told whole."""
        for run in sorted(self._logs.glob("exp*")):
            ledger = self._new(run / "sweep.jsonl")
            for file in sorted(run.glob("trials/*/events.jsonl")):
                self._tell(run, file, self._new(file))
            self._tell(run, run / "sweep.jsonl", ledger)

    def _new(self, file: Path) -> list[str]:
        if not file.is_file():
            return []
        start = self._read.get(file, 0)
        with file.open("rb") as stream:
            stream.seek(start)
            whole = stream.read().rpartition(b"\n")[0]
        if not whole:
            return []
        self._read[file] = start + len(whole) + 1
        return whole.decode("utf-8", "backslashreplace").split("\n")

    def _tell(self, run: Path, file: Path, lines: list[str]) -> None:
        name = file.relative_to(run).as_posix()
        for line in lines:
            print(MARK + json.dumps({"kind": "line", "file": name, "line": line}, ensure_ascii=False))
        if lines:
            sys.stdout.flush()


def _write_sums() -> None:
    """The checksums of all output, by which it is known again at home."""
    files = [path for path in sorted(WORKING.rglob("*")) if path.is_file() and path.name != SUMS]
    lines = []
    for path in files:
        with path.open("rb") as stream:
            lines.append(
                f"{hashlib.file_digest(stream, 'sha256').hexdigest()}  {path.relative_to(WORKING).as_posix()}\n"
            )
    (WORKING / SUMS).write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
