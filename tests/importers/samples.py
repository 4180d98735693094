"""What an importer is tried with: each `samples_NAME.py` beside this has `SAMPLES`, and the contract tests read all."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path


@dataclass(frozen=True)
class Sample:
    """One source. `make` writes it into an empty folder and returns its path: a file, or a folder of several files.

    `runs` are the runs that it has and `steps` and `evaluations` those of all of them together; None where a test of
    the importer's own says more. `text` marks a source in which any line may be replaced.
    """

    importer: str
    name: str
    make: Callable[[Path], Path]
    runs: int
    steps: int | None = None
    evaluations: int | None = None

    def __str__(self) -> str:
        return f"{self.importer}-{self.name}"


def file_sample(importer, name, file, content, **expected):
    """A sample that is one file; `content` is bytes or text."""
    data = content if isinstance(content, bytes) else content.encode()

    def make(folder):
        path = folder / file
        path.write_bytes(data)
        return path

    return Sample(importer, name, make, **expected)


def all_samples():
    """Those of all modules, in order."""
    names = sorted(path.stem for path in Path(__file__).parent.glob("samples_*.py"))
    return [sample for name in names for sample in import_module(f"importers.{name}").SAMPLES]
