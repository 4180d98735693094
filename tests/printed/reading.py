"""What the tests of printed lines share: text in, events out in a form that is easy to compare."""

from cockpit.events.kinds import Eval, Step
from cockpit.printed import PrintedReader


def read(text, **settings):
    data = text if isinstance(text, bytes) else text.encode()
    reader = PrintedReader(**settings)
    return reader.feed(data) + reader.close()


def brief(text, **settings):
    """Steps and evaluations as (kind, phase, epoch, step, metrics), other events as they are."""
    return [
        (event.kind, event.phase, event.epoch, event.step, dict(event.metrics))
        if isinstance(event, Step | Eval)
        else event
        for event in read(text, **settings)
    ]


def metrics(text, **settings):
    """Only kind, phase and metrics."""
    return [(kind, phase, values) for kind, phase, _, _, values in brief(text, **settings)]
