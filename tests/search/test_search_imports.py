"""What importing the package brings in."""

from __future__ import annotations

import pkgutil
import subprocess
import sys

import cockpit.search

HEAVY = ("torch", "ray", "optuna", "textual", "numpy", "scipy", "pandas", "trainers", "cockpit.engine", "cockpit.store")


def test_no_module_imports_anything_heavy() -> None:
    names = [module.name for module in pkgutil.walk_packages(cockpit.search.__path__, "cockpit.search.")]
    assert "cockpit.search.stopping.asha" in names
    code = (
        f"import importlib, sys\nfor name in {names!r}: importlib.import_module(name)\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
