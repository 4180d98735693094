"""Notes of each convention."""

from importers.samples import file_sample
from importers.test_importers_notes_dated import DIARY
from importers.test_importers_notes_kinds import LATER, TICKED


def notes(name, content, **expected):
    return file_sample("notes", name, f"{name}.md", content, **expected)


SAMPLES = [
    notes("versions", LATER, runs=4, steps=1, evaluations=2),
    notes("dated", DIARY, runs=20, steps=1, evaluations=18),
    notes("ticked", TICKED, runs=6, steps=0, evaluations=0),
]
