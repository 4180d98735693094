"""Rules that stop a trial early, as pure logic: the same evaluations in the same order give the same verdicts."""

from cockpit.search.stopping.asha import AshaRule
from cockpit.search.stopping.hyperband import HyperbandRule
from cockpit.search.stopping.limits import FloorRule, PatienceRule
from cockpit.search.stopping.median import MedianRule
from cockpit.search.stopping.rules import BASELINE, Rules, build_rules
from cockpit.search.stopping.verdict import CONTINUE, Rule, Verdict

__all__ = [
    "BASELINE",
    "CONTINUE",
    "AshaRule",
    "FloorRule",
    "HyperbandRule",
    "MedianRule",
    "PatienceRule",
    "Rule",
    "Rules",
    "Verdict",
    "build_rules",
]
