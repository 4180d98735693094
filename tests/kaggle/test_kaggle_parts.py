"""The parts that need no service: states, waits, turns, the ledger, and what once means."""

from dataclasses import dataclass, field

import pytest

from cockpit.kaggle.errors import RefusedError, ServiceError, ThrottledError, UnreachableError, UnsettledError
from cockpit.kaggle.intents import DONE, FILE, PLANNED, REFUSED, SENDING, Change, Ledger, Settling, intent, once
from cockpit.kaggle.pace import Pace
from cockpit.kaggle.retries import Retries
from cockpit.kaggle.states import DatasetState, RunState, SubmissionState, dataset_state, run_state, submission_state

AT_ONCE = Settling(0.0, 0.0)


@pytest.mark.parametrize(
    ("parse", "word", "state"),
    [
        (run_state, None, RunState.QUEUED),
        (run_state, "RUNNING", RunState.RUNNING),
        (run_state, "cancelAcknowledged", RunState.CANCELLED),
        (run_state, "KERNEL_WORKER_STATUS_COMPLETE", RunState.COMPLETE),
        (run_state, "PAUSED", RunState.UNKNOWN),
        (run_state, 7, RunState.UNKNOWN),
        (submission_state, None, SubmissionState.PENDING),
        (submission_state, "SUBMISSION_STATUS_ERROR", SubmissionState.ERROR),
        (submission_state, "complete", SubmissionState.COMPLETE),
        (submission_state, "FAILED", SubmissionState.UNKNOWN),
        (dataset_state, "READY", DatasetState.READY),
        (dataset_state, "blobsReceived", DatasetState.PROCESSING),
        (dataset_state, "ERROR", DatasetState.UNKNOWN),
    ],
)
def test_a_word_is_a_state_or_unknown(parse, word, state):
    assert parse(word) is state


@dataclass
class Trouble:
    """Raises these errors, one a call, and then answers."""

    errors: list = field(default_factory=list)

    def __call__(self):
        if self.errors:
            raise self.errors.pop(0)
        return "answer"


def test_waits_double_differ_and_end():
    waited = []
    retries = Retries(attempts=6, first=1.0, longest=5.0, sleep=waited.append, chance=lambda: 1.0)
    assert retries(Trouble([ServiceError("x")] * 5)) == "answer"
    assert waited == [1.0, 2.0, 4.0, 5.0, 5.0]
    with pytest.raises(UnreachableError):
        retries(Trouble([UnreachableError("x")] * 6))
    with pytest.raises(RefusedError):
        retries(Trouble([RefusedError("x")]))
    waited.clear()
    assert retries(Trouble([ThrottledError("x", retry_after=3.0)])) == "answer"
    assert waited == [4.0]
    with pytest.raises(ThrottledError):
        retries(Trouble([ThrottledError("x", retry_after=6.0)]))


def test_turns_are_of_an_account_and_not_of_a_process(tmp_path):
    now, waited = [1000.0], []

    def sleep(seconds):
        waited.append(seconds)
        now[0] += seconds

    def pace(account="alice"):
        return Pace(tmp_path, account, 30.0, 120.0, sleep, lambda: now[0], lambda: 0.5)

    one, other = pace(), pace()
    one.wait()
    other.wait()
    one.wait()
    assert waited == [30.0, 30.0]
    pace("bob").wait()
    assert len(waited) == 2
    waited.clear()
    for _ in range(6):
        one.wait()
    assert waited == pytest.approx([45.0, 67.5, 101.25, 120.0, 120.0, 120.0])
    one.defer(600.0)
    waited.clear()
    other.wait()
    assert waited == [600.0]
    now[0] -= 86400  # a clock that was set back
    waited.clear()
    one.wait()
    assert waited == []


def test_a_turn_differs_from_the_others():
    found = {round(Retries(chance=lambda n=n: n / 10).wait(3, ServiceError("x")), 3) for n in range(10)}
    assert (len(found), min(found)) == (10, 2.0)


class Place:
    """A service with a list of marks."""

    def __init__(self, ledger):
        self.ledger, self.marks, self.sent = ledger, [], 0
        self.trouble, self.does_it, self.prepared = None, True, 0

    def change(self):
        return Change(self.find, self.prepare, self.send, lambda found: {"ref": found})

    def find(self, made):
        return self.marks.index(made.mark) if made.mark in self.marks else None

    def prepare(self):
        self.prepared += 1

    def send(self, made, _):
        assert self.ledger.intents()[made.id].phase == SENDING
        self.sent += 1
        if self.does_it:
            self.marks.append(made.mark)
        if self.trouble:
            raise self.trouble
        return {"ref": len(self.marks) - 1}

    def make(self, content="a", settling=AT_ONCE):
        return once(self.ledger, intent("kind", "place", content, who="me"), self.change(), settling)


@pytest.fixture
def place(tmp_path):
    return Place(Ledger(tmp_path))


def phases(place):
    return [one.phase for one in place.ledger.intents().values()]


def test_what_is_asked_for_again_is_not_done_again(place):
    first, second, other = place.make(), place.make(), place.make("b")
    assert (first.is_new, first.listed, second.is_new, second.listed, other.is_new) == (True, 0, False, 0, True)
    assert (place.sent, phases(place)) == (2, [DONE, DONE])
    place.marks.clear()  # the list has lost it; our record has not
    assert place.make().is_new is False
    assert place.sent == 2


def test_a_lost_record_is_made_anew_from_the_list(place, tmp_path):
    place.make()
    (tmp_path / FILE).unlink()
    assert place.make().is_new is False
    assert (place.sent, phases(place)) == (1, [DONE])


@pytest.mark.parametrize("does_it", [True, False])
def test_a_call_without_an_answer_is_looked_up(place, does_it):
    place.trouble, place.does_it = UnreachableError("broke"), does_it
    if does_it:
        assert place.make().is_new
    else:
        with pytest.raises(UnsettledError, match="broke; it is not certain"):
            place.make()
        assert phases(place) == [SENDING]
        place.trouble, place.does_it = None, True
        assert place.make().is_new
    assert (len(place.marks), phases(place)) == (1, [DONE])


def test_a_refusal_is_written_down_and_can_be_tried_again(place):
    place.trouble, place.does_it = RefusedError("no"), False
    with pytest.raises(RefusedError):
        place.make()
    (made,) = place.ledger.intents().values()
    assert (made.phase, made.result, made.facts) == (REFUSED, {"why": "no"}, {"who": "me"})
    place.trouble, place.does_it = None, True
    assert place.make().is_new


def test_trouble_before_anything_is_sent_leaves_a_plan(place):
    def fail():
        raise ServiceError("trouble")

    place.prepare = fail
    with pytest.raises(ServiceError):
        place.make()
    assert (phases(place), place.sent) == ([PLANNED], 0)


def test_a_call_of_before_is_waited_for_as_long_as_the_list_may_lag(place):
    place.trouble, place.does_it = UnreachableError("broke"), False
    with pytest.raises(UnsettledError):
        place.make()
    (made,) = place.ledger.intents().values()
    now, waited = [made.at + 10], []

    def sleep(seconds):
        waited.append(seconds)
        now[0] += seconds
        if len(waited) == 3:
            place.marks.append(made.mark)  # it was only late

    assert place.make(settling=Settling(90.0, 5.0, sleep, lambda: now[0])).is_new is False
    assert (waited, place.sent) == ([5.0] * 3, 1)


def test_lines_that_are_none_are_passed_over(place, tmp_path):
    place.make()
    with (tmp_path / FILE).open("ab") as file:
        file.write(b'{"intent": "x"}\nnonsense\n[]\n{"intent": "y", "phase": "do')
    assert phases(place) == [DONE]
    place.make("b")
    assert phases(place) == [DONE, DONE]
