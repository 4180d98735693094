"""What the tests of importers share: all items of a source, by run."""

from dataclasses import dataclass, field

from cockpit.events.kinds import Eval, Norms, Note, Step
from cockpit.importers.contract import About, Lines, Recorded, Run, RunEnded, Scored, Unread
from cockpit.importers.registry import open_source


@dataclass
class Collected:
    """The items of a source, sorted."""

    about: About = field(default_factory=About)
    runs: dict[str, Run] = field(default_factory=dict)
    events: dict[str, list] = field(default_factory=dict)
    scores: list[Scored] = field(default_factory=list)
    ended: dict[str, RunEnded] = field(default_factory=dict)
    unread: list[Unread] = field(default_factory=list)
    lines: int = 0

    def of(self, key, *kinds):
        """Events of these kinds of one run."""
        return [event for event in self.events.get(key, []) if isinstance(event, kinds)]

    def steps(self, key, phase):
        return [event for event in self.of(key, Step) if event.phase == phase]

    def evals(self, key, phase="valid"):
        return [event for event in self.of(key, Eval) if event.phase == phase]

    def norms(self, key):
        return self.of(key, Norms)

    def notes(self, key):
        return [event.text for event in self.of(key, Note)]

    def score(self, key):
        """The only score of a run."""
        (score,) = [score for score in self.scores if score.key == key]
        return score


def collect(importer, path):
    """All items of a file. A run is told once, before anything of it."""
    found = Collected()
    for item in importer.read(open_source(path)):
        if isinstance(item, About):
            found.about = item
        elif isinstance(item, Run):
            assert item.key not in found.runs
            found.runs[item.key] = item
        elif isinstance(item, Recorded):
            assert item.key in found.runs
            found.events.setdefault(item.key, []).append(item.event)
        elif isinstance(item, RunEnded):
            assert item.key in found.runs
            found.ended[item.key] = item
        elif isinstance(item, Scored):
            assert not item.key or item.key in found.runs
            found.scores.append(item)
        elif isinstance(item, Lines):
            found.lines = item.count
        else:
            found.unread.append(item)
    return found


def collect_text(importer, tmp_path, text, name="notes.md"):
    """The same of a text."""
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return collect(importer, path)
