"""What Ray Tune prints: by its reporter of tables, and by the output with frames that came after it."""

from importers.samples import file_sample
from importers.samples_printed import kept


def printed(name, runs, evaluations):
    return file_sample("ray_printed", name, f"{name}.log", kept(name), runs=runs, steps=0, evaluations=evaluations)


SAMPLES = [printed("ray_tables", 2, 3), printed("ray_frames", 2, 2)]
