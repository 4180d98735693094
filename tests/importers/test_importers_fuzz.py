"""Mutated sources through every importer; `tests/bench/fuzz_imports.py` does it with many more."""

import random
from itertools import islice

import pytest
from importers.mutations import sources
from importers.samples import all_samples

from cockpit.importers.importing import Wish, import_source
from cockpit.importers.registry import importers, open_source


@pytest.fixture(scope="module")
def contents(tmp_path_factory):
    """The files of all samples."""
    found = []
    for sample in all_samples():
        path = sample.make(tmp_path_factory.mktemp("sample"))
        found += [file.read_bytes() for file in ([path] if path.is_file() else path.rglob("*")) if file.is_file()]
    return found


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_nothing_raises_and_no_escape_sequence_is_kept(contents, seed, tmp_path):
    files = 40 if seed == 1 else 120
    chance = random.Random(seed)
    path = tmp_path / "fuzzed"
    for number, data in enumerate(islice(sources(contents, seed, lines=30), files)):
        path.write_bytes(data)
        source = open_source(path)
        for importer in importers():
            if importer.fit(source) or chance.random() < 0.1:
                outcome = import_source(source, importer, Wish(tmp_path / f"logs{number}-{importer.name}", "cockpit"))
                kept = [] if outcome.run is None else [file for file in outcome.run.path.rglob("*") if file.is_file()]
                assert not any(b"\x1b" in file.read_bytes() for file in kept)
