from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from trainers.contract import InputError
from trainers.devices.cpu import CpuDevice
from trainers.preflight import preflight, without_trace
from trainers.seeding import rng_state
from trainers.submission import Form, check_submission, write_submission


def toxic(*ids: str) -> Form:
    return Form("id", ids, ("toxic",))


def test_a_submission_has_a_row_for_every_id(tmp_path: Path) -> None:
    path = write_submission(tmp_path / "submission.csv", toxic("b", "a,1"), np.array([0.25, 1.0]))
    assert path.read_text() == 'id,toxic\nb,0.25\n"a,1",1\n'
    check_submission(path, toxic("a,1", "b"))


def test_a_submission_has_a_column_for_every_class(tmp_path: Path) -> None:
    form = Form("fname", ["b.wav", "a.wav"], ["Bark", "Meow, loud"])
    path = write_submission(tmp_path / "submission.csv", form, np.array([[0.25, 1.0], [0.5, 0.0]]))
    assert path.read_text() == 'fname,Bark,"Meow, loud"\nb.wav,0.25,1\na.wav,0.5,0\n'
    with pytest.raises(InputError, match="has the columns fname, Bark, Meow, loud, not fname, Bark"):
        check_submission(path, Form("fname", form.ids, ["Bark"]))
    with pytest.raises(InputError, match=r"row 1 \(fname 'b.wav'\) has Meow, loud = 'inf', no probability"):
        write_submission(path, form, np.array([[0.25, np.inf], [0.5, 0.0]]))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("id,score\na,1\nb,1\n", "has the columns id, score, not id, toxic"),
        ("id,toxic\na,1\n", "has 1 rows, not 2"),
        ("id,toxic\na,1\nc,0\n", "row 2 has id 'c', which is not in the test set"),
        ("id,toxic\na,1\na,0\n", "row 2 has id 'a', which is not in the test set or came before"),
        ("id,toxic\na,nan\nb,0\n", "row 1 (id 'a') has toxic = 'nan', no probability"),
        ("id,toxic\na,1\nb,1.5\n", "row 2 (id 'b') has toxic = '1.5'"),
        ("id,toxic\na,1\nb,\n", "row 2 (id 'b') has toxic = ''"),
    ],
)
def test_what_a_competition_would_refuse_is_refused(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "submission.csv"
    path.write_text(text)
    with pytest.raises(InputError) as refusal:
        check_submission(path, toxic("a", "b"))
    assert words in str(refusal.value)


def test_nan_is_not_submitted(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no probability"):
        write_submission(tmp_path / "submission.csv", toxic("a"), np.array([np.nan]))


def test_a_stage_that_does_not_work_is_named_in_one_line() -> None:
    done: list[str] = []

    def broken() -> None:
        raise IndexError("index out of range\nin self")

    with pytest.raises(InputError) as refusal:
        preflight(
            {"data": lambda: done.append("data"), "validation": broken, "writing": lambda: done.append("writing")}
        )
    assert str(refusal.value) == "before training, validation does not work: index out of range in self"
    assert done == ["data"]
    with pytest.raises(MemoryError):
        preflight({"data": lambda: (_ for _ in ()).throw(MemoryError())})


def test_a_rehearsal_leaves_no_trace() -> None:
    device = CpuDevice()
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(0.5), nn.Linear(4, 1))
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1)
    order = torch.Generator().manual_seed(1)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    random, order_state = rng_state(device), order.get_state()
    with pytest.raises(KeyError), without_trace(model, optimizer, order, device):
        model(torch.randn(5, 3)).sum().backward()
        optimizer.step()
        model.eval()
        np.random.rand()
        torch.randperm(5, generator=order)
        assert any(not torch.equal(value, before[name]) for name, value in model.state_dict().items())
        raise KeyError
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert model.training and not optimizer.state
    assert all(parameter.grad is None for parameter in model.parameters())
    assert torch.equal(order.get_state(), order_state)
    after = rng_state(device)
    assert torch.equal(after["numpy"][1], random["numpy"][1]) and after["numpy"][2:] == random["numpy"][2:]
    assert torch.equal(after["torch"]["host"], random["torch"]["host"])
