"""A machine laid out like those of Kaggle, on which what was pushed runs for real."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path


def the_kernel(service):
    ((ref, kernel),) = service.account.kernels.items()
    return ref, kernel


def run_at_kaggle(service, root, *, unpacked=False):
    """Lays a machine out as Kaggle does, runs what was pushed, and gives the kernel its log and its output."""
    _, kernel = the_kernel(service)
    for ref in kernel.body["datasetDataSources"]:
        mount = root / "kaggle" / "input" / "datasets" / ref
        mount.mkdir(parents=True)
        for name, data in service.account.datasets[ref].files.items():
            (mount / name).write_bytes(data)
        if unpacked and (mount / "code.zip").exists():
            with zipfile.ZipFile(mount / "code.zip") as archive:
                archive.extractall(mount / "code")
            (mount / "code.zip").unlink()
    working = root / "kaggle" / "working"
    working.mkdir(parents=True)
    (root / "script.py").write_text(kernel.body["text"])
    environment = {"PATH": os.environ["PATH"], "HOME": str(root), "COCKPIT_KAGGLE_ROOT": str(root)}
    environment |= {name: os.environ[name] for name in ("KAGGLE_GUARD",)} | {
        "PYTHONPATH": str(Path(__file__).parent / "guard")
    }
    done = subprocess.run(
        [sys.executable, root / "script.py"],
        cwd=working,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    kernel.status = "RUNNING"
    kernel.log = [{"stream_name": "stdout", "time": 0.0, "data": line + "\n"} for line in done.stdout.splitlines()]
    kernel.files = {
        path.relative_to(working).as_posix(): path.read_bytes() for path in working.rglob("*") if path.is_file()
    }
    return done
