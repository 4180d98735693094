"""Runs one trainer by itself and prints its lines: `python -m trainers.toy --epochs 2 --x 0.5`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence

from trainers import registry
from trainers.contract import Built, Events, InputError, Trainer
from trainers.devices.base import Device
from trainers.devices.kinds import AUTO, CHOICES
from trainers.devices.select import select_for
from trainers.lines import format_event


def main(name: str, argv: Sequence[str] | None = None) -> int:
    """Trains with the settings on the command line. Returns 0, 2 for unusable input, or 130 after Ctrl-C."""
    try:
        trainer = registry.find(name)
        arguments = _parser(trainer).parse_args(argv)
        config = registry.build_config(trainer, _values(trainer, arguments))
        trainer.check(config)
        device = select_for(trainer, arguments.device)
        device.setup(threads=arguments.threads)
        try:
            train = _told_to_torchrun(lambda: _print_all(registry.load_recipe(trainer)(config, device), device))
            return train()
        finally:
            device.team.close()
    except InputError as error:
        print(f"{name}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _told_to_torchrun(work: Callable[[], int]) -> Callable[[], int]:
    """The same work; torchrun, if it started the process, hears of an error and shows that of the rank it began in."""
    if "TORCHELASTIC_ERROR_FILE" not in os.environ:
        return work
    from torch.distributed.elastic.multiprocessing.errors import record

    recorded = record(work)
    return lambda: recorded() or 0


def _print_all(events: Events, device: Device) -> int:
    """Of several processes that train together, the first prints for all."""
    speaks = device.team.rank == 0
    try:
        if speaks:
            reason = f"; auto: {device.reason}" if device.reason else ""
            print(f"device: {device.describe()}{reason}", flush=True)
        for line in _lines(events):
            if speaks:
                print(line, flush=True)
    except BrokenPipeError:
        # The reader (`head`, a closed pager) has what it wanted; the interpreter's own last flush must not fail too.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    finally:
        events.close()
    return 0


def _lines(events: Events) -> Iterator[str]:
    groups: tuple[str, ...] = ()
    for event in events:
        if isinstance(event, Built):
            groups = event.groups
            yield "settings: " + ", ".join(f"{key}={value}" for key, value in event.effective.items())
        yield from format_event(event, groups)


def _parser(trainer: Trainer) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"python -m trainers.{trainer.name}", description=trainer.summary)
    for name, info in registry.fields(trainer).items():
        text = f"{info.help} (default: {info.default!r})".replace("%", "%%")
        spellings = dict.fromkeys((f"--{name}", f"--{name.replace('_', '-')}"))
        parser.add_argument(*spellings, dest=f"field:{name}", metavar=info.type.upper(), help=text)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="any setting, repeatable")
    parser.add_argument("--device", default=AUTO, choices=CHOICES, help="where to compute (default: auto)")
    parser.add_argument("--threads", type=int, default=0, metavar="N", help="CPU threads; 0 leaves them to torch")
    return parser


def _values(trainer: Trainer, arguments: argparse.Namespace) -> dict[str, object]:
    given = {name: getattr(arguments, f"field:{name}") for name in registry.fields(trainer)}
    values: dict[str, object] = {name: value for name, value in given.items() if value is not None}
    for item in arguments.set:
        key, equals, value = item.partition("=")
        if not equals:
            raise InputError(f"--set {item}: write it as KEY=VALUE")
        values[key.strip()] = value
    return values
