"""What an importer tells of a source, in the terms that tests speak."""

from pathlib import Path

from cockpit.events.kinds import Eval, Step
from cockpit.importers.contract import Recorded, Run, RunEnded, Unread
from cockpit.importers.registry import importer_of, open_source


def items_of(path, importer=None, metric=""):
    """All items; the importer is the one that knows the content, which must be `importer` where that is given."""
    source = open_source(Path(path))
    found = importer_of(source)
    assert found is not None, "no importer knows it"
    assert importer is None or found.name == importer
    return list(found.read(type(source)(source.path, source.head, metric)))


def format_of(path):
    """The name of the importer that knows a file, empty where none does; printed logs may be anything with numbers."""
    found = importer_of(open_source(Path(path)))
    return "" if found is None or found.name == "printed" else found.name


def read(tmp_path, content, name="log.csv", importer=None, metric=""):
    """The items of a file with this content, which is text or bytes."""
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return items_of(path, importer, metric)


def points(items, key=None):
    """(kind, phase, name) -> {step: value}, of one run or of all; a value that takes another's place fails."""
    found = {}
    for item in items:
        if isinstance(item, Recorded) and isinstance(item.event, Step | Eval) and key in (None, item.key):
            event = item.event
            for name, value in event.metrics.items():
                series = found.setdefault((event.kind, event.phase, name), {})
                assert event.step not in series, f"two values of {name} at step {event.step}"
                series[event.step] = value
    return found


def steps_and_evaluations(items):
    return [item.event for item in items if isinstance(item, Recorded) and isinstance(item.event, Step | Eval)]


def runs(items):
    return [item for item in items if isinstance(item, Run)]


def ends(items):
    return {item.key: item for item in items if isinstance(item, RunEnded)}


def unread(items):
    return [(item.line, item.text) for item in items if isinstance(item, Unread)]
