"""What the Kaggle screen has done by `cockpit kaggle …` as processes, and what they say of it in one line."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from cockpit.engine.spawn import ask
from cockpit.kaggle.followers import is_followed
from cockpit.kaggle.overview import SentRun
from cockpit.store.numbers import counted
from cockpit.store.scores import score_text
from cockpit.tui.errands import Word

OVER = ("complete", "error", "cancelled")
LOOK_SECONDS = 0.05


class Answer(NamedTuple):
    """The document that a command printed; None where `error` says why there is none."""

    document: Mapping[str, Any] | None
    error: str


def ask_kaggle(words: Sequence[str], logs: Path) -> Answer:
    """Run `cockpit kaggle WORDS` to its end. It goes on when the cockpit is left meanwhile."""
    asked = ask(["kaggle", *words, "--json", "--logs", str(logs)])
    try:
        document = asked.wait()
    finally:
        asked.close()
    return Answer(document, asked.error)


def follow(sent: SentRun, logs: Path, started: Callable[[], object]) -> Word:
    """Follow a run until it is over, with a process that outlives the cockpit; `started` is called when it does.

    Returns at once where somebody follows it already.
    """
    kernel, push = sent.kernel, sent.intent.id
    if is_followed(logs, push):
        return Word(f"{kernel}: is followed already", "plain")
    asked = ask(["kaggle", "follow", kernel, "--json", "--logs", str(logs)])
    while not asked.has_ended and not is_followed(logs, push):
        time.sleep(LOOK_SECONDS)
    started()
    document = asked.wait()
    asked.close()
    if document is None:
        return Word(f"{kernel}: {asked.error}", "error")
    state, found = str(document.get("state")), document.get("mismatch") or document.get("failure")
    tone = "good" if state == "complete" and not found else "warning"
    return Word(": ".join(filter(None, (str(document.get("experiment") or kernel), state, found))), tone)


def pulled(name: str, answer: Answer) -> Word:
    """What came of a `pull`."""
    said = answer.document
    if said is None:
        return Word(f"{name}: {answer.error}", "error")
    left = said.get("left") or []
    if "written" in said:
        text = f"{said['written']} lines of the record and {counted(int(said.get('other_files') or 0), 'other file')}"
    else:
        text = f"{counted(len(said.get('fetched') or []), 'file')} in {said.get('folder')}"
    if left:
        return Word(f"{name}: {text}; {counted(len(left), 'file')} left alone: no place in the folder", "warning")
    return Word(f"{name}: {text}", "good")


def cancelled(name: str, answer: Answer) -> Word:
    """What came of a `cancel`: mostly where the button is, because Kaggle lets nobody end a run from here."""
    said = answer.document
    if said is None:
        return Word(f"{name}: {answer.error}", "error")
    state = str(said.get("state"))
    if state in OVER:
        return Word(f"{name}: {state}", "good")
    if said.get("asked"):
        return Word(f"{name}: {said.get('how') or state}", "good")
    return Word(
        f"{name}: is {state}, and Kaggle lets nobody end it from here; its page can: {said.get('page')}", "warning"
    )


def pushed(answer: Answer) -> Word:
    """What came of a `push`."""
    said = answer.document
    if said is None:
        return Word(f"not pushed: {answer.error}", "error")
    if said.get("invalid"):
        return Word(f"{said.get('kernel')}: started without some of its data: {said['invalid']}", "error")
    how = "pushed" if said.get("new", True) else "was pushed before, and not again; --again does"
    return Word(f"{said.get('kernel', said.get('dataset'))}: {how}", "good" if said.get("new") else "plain")


def submitted(answer: Answer) -> Word:
    """What came of a `submit`."""
    said = answer.document
    if said is None:
        return Word(f"not submitted: {answer.error}", "error")
    if said.get("dry_run"):
        return Word(f"{said.get('competition')}: all is well, and nothing was submitted", "good")
    public = said.get("public")
    score = f", LB {score_text(public)}" if isinstance(public, float) else ""
    how = "submitted" if said.get("new") else "was submitted before, and not again; --again does"
    return Word(f"{said.get('competition')}: {how} as {said.get('ref')}{score}", "good" if said.get("new") else "plain")
