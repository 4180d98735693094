"""Printed logs of tools, written as those tools write them."""

from importers.samples import file_sample

LOOP = "".join(f"epoch {e} step {10 * s} loss: {1 / (s + e + 1):.4f}\n" for e in range(2) for s in range(3))
STARTS = "".join(
    f"--- Starting trial: run-{n}\n{{'units': {16 + n}, 'dropout': 0.1}}\nstep 1 loss 0.5\nval acc: 0.{n + 5}\n"
    for n in range(3)
)
UNKNOWN = "".join(f"tick {n} energy {1 / (n + 1):.3f} volume {n * 0.5:.2f}\n" for n in range(5))


def printed(name, content, **expected):
    return file_sample("printed", name, f"{name}.log", content, **expected)


SAMPLES = [
    printed("loop", LOOP, runs=1, steps=6, evaluations=0),
    printed("starts", STARTS, runs=3, steps=3, evaluations=3),
    printed("shapes", UNKNOWN, runs=1, steps=5, evaluations=0),
]
