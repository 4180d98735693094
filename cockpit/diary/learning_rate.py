"""What an entry says of learning rates: what was found by looking for one, and where one was taken from."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.diary.facts import Facts
from cockpit.diary.markdown import code, escaped
from cockpit.store.learning_rate import FoundRate
from cockpit.store.numbers import setting_text

MOST_SETTINGS = 8
_OF_THE_TEST = ("lr_range", "seed", "data", "lr")


def finding(facts: Facts, rate: FoundRate) -> Iterator[str]:
    """Of which trainer and settings the rates were tried, what they did to the loss, and how to use what was found."""
    tried = f"{rate.taken} of {rate.steps} steps" if rate.taken < rate.steps else f"{rate.steps} steps"
    span = f"{setting_text(rate.low)} to {setting_text(rate.high)}"
    yield f"**tried** {escaped(rate.trainer)}{_settings(facts)}, {tried} from lr {span}  "
    yield f"**found** {escaped(rate.text)}"
    if rate.suggested is not None:
        yield ""
        yield f"Use it: {code(f'--set lr={setting_text(rate.suggested)}')}"


def source(facts: Facts) -> Iterator[str]:
    """The experiment that suggested the learning rate which this one was given, if one did."""
    reference = facts.baseline or facts.best
    given = None if reference is None else reference.config.get("lr")
    named = [experiment for experiment, rate in facts.before.rates if rate == given]
    if named and "lr" not in facts.sweep.varied:
        yield f"**learning rate** {setting_text(given)}, as {escaped(named[-1])} suggested  "


def _settings(facts: Facts) -> str:
    """What somebody chose for the trainer."""
    chosen = {name: value for name, value in facts.trials[0].config.items() if not name.startswith(_OF_THE_TEST)}
    told = [f"{code(name)} {escaped(setting_text(value))}" for name, value in chosen.items()]
    more = f" and {len(told) - MOST_SETTINGS} more" if len(told) > MOST_SETTINGS else ""
    return f" with {', '.join(told[:MOST_SETTINGS])}{more}" if told else " as it is"
