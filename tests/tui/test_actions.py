"""The table of actions is what bindings, footer, palette and help are made of, so it has to hold together."""

import importlib

import pytest
from textual.binding import BindingsMap

from cockpit.tui.actions import ACTIONS, EVERYWHERE, PLACES, actions_of, bindings, bindings_problem, method_of
from cockpit.tui.screens.base import CockpitScreen

SCREENS = ("home", "launch", "learning_rate", "sweep", "trial", "compare", "diary", "devices", "kaggle", "help")


def screen_class(place):
    module = importlib.import_module(f"cockpit.tui.screens.{place}")
    (found,) = [
        kind
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, CockpitScreen) and kind.__module__ == module.__name__
    ]
    return found


def test_every_place_has_a_name():
    assert {place for action in ACTIONS for place in action.where} <= PLACES.keys()
    assert set(SCREENS) | {EVERYWHERE} == PLACES.keys()


def test_ids_are_unique():
    ids = [action.id for action in ACTIONS]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("place", SCREENS)
def test_each_screen_can_do_what_the_table_says(place):
    screen = screen_class(place)
    assert screen.place == place
    assert screen.help_text or place == "help"
    for action in actions_of(place):
        assert hasattr(screen, f"action_{method_of(action.name)}"), action.id


@pytest.mark.parametrize("place", SCREENS)
def test_the_keys_of_each_screen_are_those_of_the_table(place):
    bound = BindingsMap(screen_class(place).BINDINGS).key_to_bindings
    for action in actions_of(place):
        for key in action.keys.split(","):
            assert action.id in [binding.id for binding in bound[key]], (key, action.id)


@pytest.mark.parametrize("place", SCREENS)
def test_a_key_means_one_thing_at_a_time(place):
    """Two actions on one key have to exclude each other, as pausing and resuming do."""
    exclusive = ({"pause", "resume"}, {"pause_sweep", "resume_sweep"}, {"fix", "free"})
    by_key = {}
    for action in actions_of(place):
        for key in action.keys.split(","):
            by_key.setdefault(key, set()).add(action.name)
    assert {key: names for key, names in by_key.items() if len(names) > 1 and names not in exclusive} == {}


def test_every_action_is_explained_in_a_sentence():
    for action in ACTIONS:
        assert action.text.endswith("."), action.id
        assert bool(action.footer) <= bool(action.label), action.id


def test_bindings_carry_the_ids_that_a_key_map_uses():
    assert {binding.id for binding in bindings(ACTIONS)} == {action.id for action in ACTIONS}
    assert bindings_problem({"sweep.stop": "x"}) == ""
    assert "sweep.halt" in bindings_problem({"sweep.halt": "x"})
