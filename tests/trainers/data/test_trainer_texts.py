from __future__ import annotations

import subprocess
import sys
from collections import Counter

import numpy as np
import pytest
import torch

from trainers.contract import InputError
from trainers.data.batches import Column
from trainers.data.texts import Draw, TextOrder, Texts, text_loader
from trainers.data.tokens import KeptTokens, TextTokens, learn_tokenizer

TEXTS = ["The cat sat on the mat.", "the dog sat, on the log", "Ça va ? Ça va !", "where is the cat?", ""]


@pytest.fixture(scope="module")
def tokens() -> TextTokens:
    return TextTokens(learn_tokenizer(TEXTS, 60), 12)


def test_texts_and_pairs_have_one_length(tokens: TextTokens) -> None:
    single, pair = tokens(["the cat"]), tokens(["the cat"], ["the dog sat"])
    assert {name: column.shape for name, column in single.items()} == dict.fromkeys(("ids", "mask", "types"), (1, 12))
    words = [tokens.tokenizer.convert_ids_to_tokens(columns["ids"][0].tolist()) for columns in (single, pair)]
    assert words[0][:4] == ["[CLS]", "▁the", "▁cat", "[SEP]"]
    assert words[0][4:] == ["[PAD]"] * 8
    assert single["mask"][0].tolist() == [1] * 4 + [0] * 8
    length = int(pair["mask"].sum())
    second = words[1].index("[SEP]") + 1
    assert words[1][length - 1] == "[SEP]"
    assert pair["types"][0].tolist() == [0] * second + [1] * (length - second) + [0] * (12 - length)
    assert tokens(["cat " * 50])["mask"].sum() == 12
    assert tokens.count("the cat") == 2


def test_every_process_learns_the_same_tokenizer() -> None:
    """Hash tables are seeded anew in every process, and ties are many here."""
    texts = [chr(a) + chr(b) for a in range(97, 123) for b in range(224, 250)] * 2
    code = (
        "from trainers.data.tokens import learn_tokenizer\n"
        f"print(learn_tokenizer({texts!r}, 300).backend_tokenizer.to_str(), end='')"
    )
    elsewhere = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert elsewhere.stdout == learn_tokenizer(texts, 300).backend_tokenizer.to_str()


def test_tokens_of_fixed_texts_are_kept(tokens: TextTokens) -> None:
    kept = KeptTokens(tokens, TEXTS)
    for rows in ([3, 0, 3], [1, 0]):
        expected = tokens([TEXTS[row] for row in rows])
        found = kept(rows)
        assert all(torch.equal(found[name], expected[name]) for name in ("ids", "mask", "types"))
        assert all(column.dtype == torch.int64 for column in found.values())


def test_kinds_come_equally_often_and_others_each_time() -> None:
    kinds = np.array([0] * 50 + [1] * 8 + [2] * 20)
    order = TextOrder(78, 6, torch.Generator().manual_seed(0), kinds=kinds)
    passes = [[place for batch in order for place in batch] for _ in range(2)]
    assert len(order) == 4
    for places in passes:
        assert len(set(places)) == 24
        assert Counter(kinds[places].tolist()) == {0: 8, 1: 8, 2: 8}
    assert set(passes[0]) != set(passes[1])
    many = TextOrder(1100, 10, torch.Generator().manual_seed(0), kinds=np.array([0] * 1000 + [1] * 100))
    late = [place for batch in many for place in batch][100:]
    assert 30 < sum(place < 1000 for place in late) < 70, "kinds are mixed also at the end of a pass"


def test_a_pass_that_begins_with_the_same_state_is_the_same_pass() -> None:
    generator = torch.Generator().manual_seed(0)
    order = TextOrder(20, 4, generator)
    state = generator.get_state()
    whole = [(list(batch), batch.seed) for batch in order if isinstance(batch, Draw)]
    assert len({seed for _, seed in whole}) == 1
    assert sorted(place for places, _ in whole for place in places) == list(range(20))
    generator.set_state(state)
    order.skip(2)
    assert [(list(batch), batch.seed) for batch in order if isinstance(batch, Draw)] == whole[2:]


def test_batches_have_tokens_and_columns(tokens: TextTokens) -> None:
    texts = Texts(np.array([4, 2, 0]), KeptTokens(tokens, TEXTS), {"label": Column(torch.arange(5))})
    loader = text_loader(texts, TextOrder(3, 3, torch.Generator().manual_seed(1)), seed=0)
    batch = next(iter(loader))
    assert sorted(batch["label"].tolist()) == [0, 2, 4]
    row = batch["label"].tolist().index(2)
    assert torch.equal(batch["ids"][row], tokens([TEXTS[2]])["ids"][0])
    with pytest.raises(InputError, match="batch_size = 4 is more than"):
        text_loader(texts, TextOrder(3, 4, torch.Generator()), seed=0)
