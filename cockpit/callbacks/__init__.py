"""Callbacks for trainers of other libraries: steps, evaluations, norms and checkpoints without a line in the loop.

Each module needs its library and is imported by itself: `from cockpit.callbacks.huggingface import CockpitCallback`,
and likewise from `cockpit.callbacks.lightning` and `cockpit.callbacks.keras`. Outside a run they do nothing.
"""
