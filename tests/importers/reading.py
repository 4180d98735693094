"""What an importer tells, gathered."""

from cockpit.events.codec import decode
from cockpit.events.kinds import Eval, Norms, Note, Step
from cockpit.importers.contract import About, Recorded, RecordedLines, Run, RunEnded, Source, Unread
from cockpit.importers.registry import open_source


class Told:
    """The items of one source by their kind. `events` are pairs of a run's key and an event."""

    def __init__(self, importer, path):
        self.items = list(importer.read(path if isinstance(path, Source) else open_source(path)))
        self.about = next(iter(self.of(About)), None)
        self.runs = {run.key: run for run in self.of(Run)}
        self.ends = {end.key: end for end in self.of(RunEnded)}
        self.unread = [item.text for item in self.of(Unread)]
        self.events = []
        for item in self.items:
            if isinstance(item, RecordedLines):
                self.events += [(item.key, decode(line)) for line in item.lines.splitlines()]
            elif isinstance(item, Recorded):
                self.events.append((item.key, item.event))

    def of(self, kind):
        return [item for item in self.items if isinstance(item, kind)]

    def steps(self, key=None):
        """Steps and evaluations."""
        return [event for run, event in self.events if key in (None, run) and isinstance(event, Step | Eval)]

    def norms(self):
        return [event for _, event in self.events if isinstance(event, Norms)]

    def notes(self):
        return [event.text for _, event in self.events if isinstance(event, Note)]


def points(told):
    """Every number: run, kind, phase, step and name, with the value."""
    return [
        (key, event.kind, event.phase, event.step, name, value)
        for key, event in told.events
        if isinstance(event, Step | Eval)
        for name, value in event.metrics.items()
    ]


def mutations(data, random, count):
    """Copies of some bytes, each with a few of them changed, left out, or put in."""
    for _ in range(count):
        changed = bytearray(data)
        for _ in range(random.randint(1, 4)):
            place = random.randrange(len(changed))
            kind = random.randrange(4)
            if kind == 0:
                changed[place] = random.randrange(256)
            elif kind == 1:
                del changed[place : place + random.randint(1, 20)]
            elif kind == 2:
                changed[place:place] = random.randbytes(random.randint(1, 12))
            else:
                changed[place : place + 8] = b"\xff" * random.randint(1, 9)
            changed = changed or bytearray(b"\0")
        yield bytes(changed)
