"""`norms`: norms of parameters, gradients and updates of an optimizer's groups, now and then."""

from __future__ import annotations

import atexit
import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cockpit.events.frozen import frozen_text, frozen_values
from cockpit.events.kinds import Note
from cockpit.events.text import one_line
from cockpit.library.guard import complain, never_raises
from cockpit.library.recorder import Recorder, current
from cockpit.library.values import whole_number

if TYPE_CHECKING:
    from cockpit.library.group_norms import Table
    from trainers.norm_sample import Sample

_DEEPEST_WRAPPER = 4


@never_raises
def norms(optimizer: Any, step: int | None = None, every: int = 10, *, model: Any = None, of: str = "") -> None:
    """Record the norms of every parameter group of a torch optimizer. Call it between `backward` and `step`.

    With `model` the tensors that stand out are called by their names in it, and what of it no optimizer trains is
    noted, once more where that changes. With `of` besides there is a row for each layer (`"layers"`, or `"layers:2"` by
    the first two parts of their names), or for each regular expression of several with blanks between them: the first
    that is found in a tensor's name takes it, what none takes is `other`.

    They are taken at the first step and at the first one after each multiple of `every`; 0 turns them off. Other calls
    return at once. Groups are called by their `name`, or `pg0`, `pg1` …; those of a second optimizer are counted on.
    Without `step` it is the one after the last that was logged, or the same where `log` comes first in the loop.
    Gradients are measured as they stand: after unscaling and clipping, if that is done before. The events are written
    when the optimizer has taken its step, so that they have the ratio of update to parameters. Of parameters that are
    sharded over processes, this process's shard is measured.
    """
    recorder = current()
    if recorder is None or "torch" not in sys.modules:
        return
    optimizer = _unwrapped(optimizer)
    watch = recorder.watches.get(optimizer)
    if watch is None:
        watch = recorder.watches[optimizer] = Watch(recorder, optimizer)
    watch.look(optimizer, step, every, model, str(of or ""))


class Watch:
    """One optimizer. It holds no reference to it, so that it can be collected.

    `named` are the tensors of its model by their `id`, `trained` those that it trains.
    """

    def __init__(self, recorder: Recorder, optimizer: Any) -> None:
        self._recorder = recorder
        self.count = len(optimizer.param_groups)
        self.named: Mapping[int, str] = {}
        self.trained: set[int] = set()
        self._is_told = True
        self._first_group = sum(other.count for other in recorder.watches.values())
        self._seen = 0
        self._measured: int | None = None
        self._pending: tuple[Table, int] | None = None
        self._sample: Sample | None = None
        register = getattr(optimizer, "register_step_post_hook", None)
        self._sees_steps = register is not None
        if register is not None:
            register(self._after_step)

    def look(self, optimizer: Any, step: Any, every: Any, model: Any, of: str) -> None:
        """Measure, if it is due."""
        self.finish()
        at = self._at(step)
        if not self._is_due(at, whole_number(every) or 0):
            return
        from cockpit.library.group_norms import parameter_names, table_of

        if of and model is None:
            complain("norms: `of` goes by names of parameters, so give `model` too; parameter groups are recorded")
            of = ""
        groups, known = self._groups(optimizer), parameter_names(model)
        self._know(groups, known)
        self._measured = at
        table = table_of(groups, known, of, self._sample)
        table.gradients()
        self._pending, self._sample = (table, at), table.sample
        if not self._sees_steps:
            self.flush()

    def finish(self) -> None:
        """Write what the last look left, now that every other optimizer of the loop has had its turn."""
        self.flush()  # where the step was skipped: there is no update to measure
        if not self._is_told:
            self._is_told = True
            _note_frozen(self._recorder)

    def flush(self) -> None:
        """Write what was measured."""
        if self._pending is not None:
            (table, at), self._pending = self._pending, None
            for event in table.events(at):
                self._recorder.write(event)

    def _at(self, step: Any) -> int:
        given = whole_number(step) if step is not None else None
        self._seen = given if given is not None else max(self._recorder.step or 0, self._seen + 1)
        return self._seen

    def _is_due(self, at: int, every: int) -> bool:
        return every > 0 and (self._measured is None or at // every != self._measured // every)

    def _know(self, groups: Mapping[str, list[Any]], known: Mapping[int, str]) -> None:
        """Keep what is trained, and of which model; an optimizer that has none of its tensors works on copies."""
        own = [tensor for group in groups.values() for tensor in group]
        self.named = known if any(id(tensor) in known for tensor in own) else {}
        self.trained = {id(tensor) for tensor in own if tensor.requires_grad}
        self._is_told = False

    def _groups(self, optimizer: Any) -> dict[str, list[Any]]:
        groups: dict[str, list[Any]] = {}
        for number, group in enumerate(optimizer.param_groups, start=self._first_group):
            name = one_line(str(group.get("name") or f"pg{number}"), 60)
            groups[name if name not in groups else f"{name} pg{number}"] = list(group["params"])
        return groups

    def _after_step(self, *_: Any) -> None:
        if self._pending is not None:
            _finish(self, self._pending[0])


@never_raises
def _finish(watch: Watch, table: Table) -> None:
    table.updates()
    watch.flush()


def _note_frozen(recorder: Recorder) -> None:
    """What no optimizer trains, once it is not what was noted last: that it has no norms is no accident then."""
    watches = list(recorder.watches.values())
    named = {each: name for watch in watches for each, name in watch.named.items()}
    trained = {each for watch in watches for each in watch.trained}
    frozen = [name for each, name in named.items() if each not in trained]
    if frozen == recorder.frozen:
        return
    recorder.frozen = frozen
    known = frozen_values(frozen, len(named))
    text = one_line(frozen_text(**known), 500) if frozen else f"all {len(named)} tensors are trained"
    recorder.write(Note(text=text, at=time.time(), frozen=known))


def _unwrapped(optimizer: Any) -> Any:
    """The optimizer inside the wrappers of Accelerate, Lightning and the like, which take its place in loops."""
    for _ in range(_DEEPEST_WRAPPER):
        inner = getattr(optimizer, "optimizer", None)
        if not hasattr(inner, "param_groups"):
            break
        optimizer = inner
    return optimizer


@atexit.register
@never_raises
def _flush_all() -> None:
    recorder = current()
    for watch in list(recorder.watches.values()) if recorder is not None else ():
        watch.finish()
