"""What every importer promises, tried with the samples that each of them brings."""

import json
import tracemalloc

import pytest
from importers.samples import all_samples

from cockpit.events.kinds import Eval, Step
from cockpit.importers.contract import NO, Recorded, RecordedLines, Run, Source
from cockpit.importers.importing import Wish, import_source
from cockpit.importers.registry import MODULES, importer_of, importers, open_source

SAMPLES = all_samples()
ESCAPES = b"\x1b]52;c;aGVsbG8=\x07\x1b[31m\xe2\x80\xae"
SECRET = "hf_abcdefghijklmnopqrstuvwxyz0123"
MEMORY = 16 << 20
BIG = 1 << 19
CUTS = 12


@pytest.fixture(params=SAMPLES, ids=str)
def sample(request):
    return request.param


@pytest.fixture
def source(sample, tmp_path):
    folder = tmp_path / "source"
    folder.mkdir()
    return open_source(sample.make(folder))


def importer_named(name):
    return next(importer for importer in importers() if importer.name == name)


def import_into(logs, source):
    return import_source(source, importer_of(source), Wish(logs, "cockpit import it"))


def files_in(folder):
    return {path.relative_to(folder): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_every_importer_has_a_sample():
    assert {importer.name for importer in importers()} == {sample.importer for sample in SAMPLES}
    assert len({importer.name for importer in importers()}) == len(MODULES)
    assert all(importer.summary and "\n" not in importer.summary for importer in importers())


def test_it_is_recognised_by_its_content(sample, source):
    importer = importer_of(source)
    assert importer is not None and importer.name == sample.importer


def test_its_runs_are_read(sample, source):
    items = list(importer_of(source).read(source))
    keys = {item.key for item in items if isinstance(item, Run)}
    counts = {Step: 0, Eval: 0}
    for item in items:
        if isinstance(item, RecordedLines):
            counts[Step] += item.steps
            counts[Eval] += item.evaluations
        elif isinstance(item, Recorded) and type(item.event) in counts:
            counts[type(item.event)] += 1
    assert len(keys) == sample.runs
    assert sample.steps is None or counts[Step] == sample.steps
    assert sample.evaluations is None or counts[Eval] == sample.evaluations


def test_a_run_is_told_before_what_is_recorded_of_it(source):
    begun = set()
    for item in importer_of(source).read(source):
        if isinstance(item, Run):
            assert item.key not in begun
            begun.add(item.key)
        elif isinstance(item, Recorded | RecordedLines):
            assert item.key in begun


def test_lines_of_many_events_are_lines_of_events(source):
    for item in importer_of(source).read(source):
        if isinstance(item, RecordedLines):
            records = [json.loads(line) for line in item.lines.splitlines()]
            kinds = [record["kind"] for record in records]
            assert [kinds.count(kind) for kind in ("step", "eval", "norms")] == [
                item.steps,
                item.evaluations,
                item.norms,
            ]
            assert item.lines.endswith(b"\n")


def test_importing_it_twice_changes_nothing(source, tmp_path):
    logs = tmp_path / "logs"
    first = import_into(logs, source)
    before = files_in(logs)
    again = import_into(logs, source)
    assert again.already and again.run.id == first.run.id == "exp001"
    assert again.runs == first.runs
    assert files_in(logs) == before


def test_cut_off_anywhere_it_raises_nothing(source, tmp_path):
    if source.is_folder:
        pytest.skip("a folder has no end to be cut off")
    data = source.path.read_bytes()
    path = tmp_path / source.path.name
    for size in sorted({len(data) * cut // CUTS for cut in range(CUTS)} | set(range(0, min(64, len(data)), 7))):
        path.write_bytes(data[:size])
        for importer in importers():
            cut = open_source(path)
            if importer.fit(cut) > NO:
                list(importer.read(cut))


def test_no_importer_takes_offence_at_what_is_not_its_format(source):
    for importer in importers():
        assert 0 <= importer.fit(source) <= 100
        if not source.is_folder:
            list(importer.read(source))


def test_empty_files_fit_nothing(tmp_path):
    for data in (b"", b"\n", b"\0" * 100, b"\r\n\r\n"):
        path = tmp_path / "empty"
        path.write_bytes(data)
        assert importer_of(open_source(path)) is None
        assert importer_of(Source(tmp_path)) is None


def test_neither_escape_sequences_nor_secrets_are_kept(source, tmp_path):
    """Both are put into every line of a text, at its end, where they hurt least."""
    if source.is_folder or b"\0" in source.head:
        pytest.skip("not a text")
    lines = source.path.read_bytes().split(b"\n")
    more = ESCAPES + b" api_key=" + SECRET.encode()
    source.path.write_bytes(b"\n".join(line + more if line.strip() else line for line in lines))
    logs = tmp_path / "logs"
    changed = open_source(source.path)
    for importer in importers():
        if importer.fit(changed) > NO:
            import_source(changed, importer, Wish(logs, f"cockpit import --token {SECRET}"))
            kept = (
                b"".join(data for path, data in files_in(logs).items() if path.suffix != ".db")
                if logs.exists()
                else b""
            )
            assert b"\x1b" not in kept and b"\xe2\x80\xae" not in kept and b"\\u001b" not in kept
            assert SECRET.encode() not in kept and b"aGVsbG8" not in kept


def first_of_each():
    """One sample of each importer."""
    return list({sample.importer: sample for sample in reversed(SAMPLES)}.values())


@pytest.mark.slow
@pytest.mark.parametrize("sample", first_of_each(), ids=str)
def test_memory_stays_bounded(sample, tmp_path):
    """The whole content once more and once more, until it is big, for formats of text."""
    path = sample.make(tmp_path)
    data = b"" if path.is_dir() else path.read_bytes()
    if b"\0" in data or b"\n" not in data:
        pytest.skip("not a text of lines")
    with path.open("wb") as file:
        for _ in range(max(1, BIG // len(data))):
            file.write(data)
    big = open_source(path)
    importer = importer_of(big)
    if importer is None:
        pytest.skip("several of them are none")
    tracemalloc.start()
    for _ in importer.read(big):
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < MEMORY
