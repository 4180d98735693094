"""Mutated lines and files through every importer: nothing raises, nothing hangs, no escape sequence is kept.

`python -m tests.bench.fuzz_imports [--lines N] [--seed N]` prints the counts and exits with 1 for a finding.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from cockpit.importers.contract import NO, Importer
from cockpit.importers.importing import Wish, import_source
from cockpit.importers.registry import importers, open_source

DEADLINE = 10.0  # seconds of one importer with one file
LINES = 40  # of one file
FORCED = 10  # of so many files one goes through importers that do not know it, too
STRANGE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
ESCAPED = re.compile(r"\\u00[019]")  # the same in JSON


class HangError(Exception):
    """The deadline has passed."""


def main() -> int:
    """Print what was done and what was found."""
    arguments = _arguments()
    counts: Counter[str] = Counter()
    slowest = (0.0, "")
    findings: list[str] = []
    signal.signal(signal.SIGALRM, _hang)
    with tempfile.TemporaryDirectory(prefix="fuzz-") as name:
        for data in _sources(arguments.seed):
            if counts["lines"] >= arguments.lines:
                break
            counts["files"] += 1
            counts["lines"] += data.count(b"\n") + 1
            path = Path(name) / "fuzzed"
            path.write_bytes(data)
            for importer in _those_that_read(path, counts["files"] % FORCED == 0):
                took, finding = _try(importer, path, Path(name) / "logs", counts)
                slowest = max(slowest, (took, importer.name))
                if finding:
                    findings.append(f"{importer.name}, file {counts['files']}: {finding}")
                    (Path(tempfile.gettempdir()) / f"fuzz-finding-{len(findings)}").write_bytes(data)
    print(", ".join(f"{count:,} {what}" for what, count in counts.items()))
    print(f"slowest {slowest[0]:.2f} s ({slowest[1]}); {len(findings)} findings")
    print("\n".join(findings[:20]))
    return 1 if findings else 0


def _sources(seed: int) -> Iterator[bytes]:
    from importers.mutations import sources
    from importers.samples import all_samples

    with tempfile.TemporaryDirectory(prefix="samples-") as name:
        contents: list[bytes] = []
        for number, sample in enumerate(all_samples()):
            folder = Path(name) / str(number)
            folder.mkdir()
            made = sample.make(folder)
            contents += [
                file.read_bytes() for file in ([made] if made.is_file() else made.rglob("*")) if file.is_file()
            ]
        found: Iterator[bytes] = sources(contents, seed, LINES)
        yield from found


def _those_that_read(path: Path, all_of_them: bool) -> list[Importer]:
    source = open_source(path)
    return [importer for importer in importers() if importer.fit(source) > NO or all_of_them]


def _try(importer: Importer, path: Path, logs: Path, counts: Counter[str]) -> tuple[float, str]:
    """Import it; how long that took, and what was wrong."""
    began, finding = time.perf_counter(), ""
    signal.setitimer(signal.ITIMER_REAL, DEADLINE)
    try:
        outcome = import_source(open_source(path), importer, Wish(logs, "cockpit import"))
        counts["imports"] += 1
        if outcome.run is not None:
            counts["events"] += outcome.steps + outcome.evaluations + outcome.norms
            finding = _strange_in(outcome.run.path)
    except HangError:
        finding = f"took longer than {DEADLINE:.0f} s"
    except Exception:
        finding = traceback.format_exc().strip()[-600:]
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        shutil.rmtree(logs, ignore_errors=True)
    return time.perf_counter() - began, finding


def _strange_in(folder: Path) -> str:
    """What is kept that may steer a terminal; empty where there is nothing."""
    for file in folder.rglob("*"):
        if not file.is_file():
            continue
        text = file.read_text(encoding="utf-8")
        if file.suffix in (".jsonl", ".json"):  # which may have it in another form
            text = "".join(json.dumps(json.loads(line), ensure_ascii=False) for line in text.splitlines())
            text = ESCAPED.sub("\x1b", text.replace("\\\\", ""))
        found = STRANGE.search(text)
        if found:
            return f"keeps {found[0]!r} in {file.name}"
    return ""


def _hang(number: int, frame: FrameType | None) -> Any:
    raise HangError


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.fuzz_imports", description=__doc__)
    parser.add_argument("--lines", type=int, default=100_000, help="so many lines in all")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    sys.path.append(str(Path(__file__).resolve().parents[1]))
    sys.exit(main())
