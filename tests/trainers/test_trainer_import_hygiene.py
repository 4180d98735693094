"""What the command line imports must be quick to import, and no trainer may know who drives it."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("torch", "numpy", "pandas", "PIL", "transformers", "sklearn", "pytorch_metric_learning")
FORBIDDEN = ("cockpit", "ray", "optuna", "textual")


def loaded_after(code: str, names: tuple[str, ...]) -> str:
    probe = f"import sys\n{code}\nprint([name for name in {names!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.parametrize(
    "code",
    [
        "import trainers.contract, trainers.lines, trainers.fields, trainers.files, trainers.alone",
        "from trainers import registry\nfor n in registry.names(): registry.fields(registry.find(n))",
        "import trainers.devices.base, trainers.devices.select, trainers.devices.cpu, trainers.devices.xla",
        "from trainers import registry, toy\nfrom trainers.devices.select import select_for\n"
        "t = registry.find('toy'); d = select_for(t, 'auto'); d.setup(2); d.describe()\n"
        "assert list(registry.load_recipe(t)(registry.build_config(t, {}), d))",
    ],
)
def test_only_the_standard_library_is_loaded(code: str) -> None:
    assert loaded_after(code, HEAVY) == "[]"


def test_checking_data_does_not_load_torch() -> None:
    code = "from trainers import registry\nfor n in registry.names(): t = registry.find(n); t.check(t.config())"
    assert loaded_after(code, ("torch", "transformers")) == "[]"


def test_preloading_starts_no_thread_and_loads_no_driver() -> None:
    code = (
        "import importlib, threading\nfrom trainers import registry\n"
        "for n in registry.names():\n"
        "    for m in registry.find(n).preload: importlib.import_module(m)\n"
        "assert threading.active_count() == 1"
    )
    assert loaded_after(code, FORBIDDEN) == "[]"
