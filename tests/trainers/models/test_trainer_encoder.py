from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from trainers.contract import InputError
from trainers.data.tokens import KeptTokens
from trainers.devices.cpu import CpuDevice
from trainers.models.encoder import Encoder, build_encoder
from trainers.models.pooling import mean_and_max
from trainers.prediction import predict

TEXTS = ["a red apple in a green box", "a big box", "green green apples"]


@pytest.fixture(scope="module")
def tiny_roberta(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of XLM-RoBERTa's family with random weights, in a folder with the small encoder's kind of tokenizer."""
    from transformers import XLMRobertaConfig, XLMRobertaModel

    from trainers.data.tokens import learn_tokenizer

    folder = tmp_path_factory.mktemp("roberta")
    tokenizer = learn_tokenizer(TEXTS, 60)
    tokenizer.save_pretrained(folder)
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    torch.manual_seed(0)
    config = XLMRobertaConfig(
        vocab_size=len(tokenizer), max_position_embeddings=20, pad_token_id=tokenizer.pad_token_id, **sizes
    )
    XLMRobertaModel(config).save_pretrained(folder)
    return folder


def build(name: str, tokens: int = 16) -> Encoder:
    torch.manual_seed(0)
    return build_encoder(name, TEXTS, tokens).eval()


@pytest.mark.parametrize("name", ["small", "folder"])
def test_padding_does_not_count(name: str, tiny_roberta: Path, capfd: pytest.CaptureFixture[str]) -> None:
    encoder = build(str(tiny_roberta) if name == "folder" else name)
    batch = encoder.tokens(TEXTS)
    with torch.inference_mode():
        whole = encoder(batch)
        alone = encoder({column: values[:1, :14] for column, values in batch.items()})
    assert whole.shape == (3, 16, encoder.features)
    length = int(batch["mask"][0].sum())
    assert length <= 14 < 16
    assert torch.allclose(whole[0, :length], alone[0, :length], atol=1e-5)
    assert capfd.readouterr() == ("", "")


def test_a_mask_of_four_dimensions_says_what_one_of_two_says(tiny_roberta: Path) -> None:
    for name in ("small", str(tiny_roberta)):
        encoder = build(name)
        batch = encoder.tokens(TEXTS, TEXTS[::-1])
        assert encoder._broad_mask
        with torch.inference_mode():
            broad = encoder(batch)
            encoder._broad_mask = False
            assert torch.allclose(encoder(batch)[batch["mask"] == 1], broad[batch["mask"] == 1], atol=1e-5)


def test_what_was_built_is_read_back(tiny_roberta: Path) -> None:
    settings = build(str(tiny_roberta)).settings()
    assert {"model": "XLMRobertaModel", "features": 16, "layers": 1, "tokens": 16}.items() <= settings.items()
    assert build("small").settings()["model"] == "BertModel"


def test_a_pooler_is_there_only_where_it_is_wanted(tiny_roberta: Path) -> None:
    for name in ("small", str(tiny_roberta)):
        with_pooler = build_encoder(name, TEXTS, 16, pooler=True).eval()
        without = build(name)
        assert not [key for key in without.state_dict() if "pooler" in key]
        batch = without.tokens(TEXTS)
        assert torch.equal(without.pooled(batch), without(batch)[:, 0])
        assert not torch.equal(with_pooler.pooled(batch), with_pooler(batch)[:, 0])


def test_models_that_cannot_be_used_are_one_line(
    tiny_roberta: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trainers.models.pretrained._hub_answers", lambda: False)
    for name, tokens, words in (
        (str(tmp_path), 16, "is no folder of a transformers model"),
        ("./no-such-folder", 16, "is no folder of a transformers model"),
        (str(tiny_roberta), 20, "takes 19 at most; lower tokens"),
        ("nobody/no-such-model", 16, "cannot be loaded: it is not on this machine and the hub cannot be reached"),
    ):
        with pytest.raises(InputError, match=words) as refusal:
            build(name, tokens)
        assert "\n" not in str(refusal.value)


def test_mean_and_maximum_leave_out_padding() -> None:
    hidden = torch.tensor([[[1.0, -4.0], [3.0, -2.0], [9.0, 9.0]]])
    mask = torch.tensor([[1, 1, 0]])
    assert mean_and_max(hidden, mask).tolist() == [[2.0, -3.0, 3.0, -2.0]]
    assert mean_and_max(hidden, mask * 0)[0, :2].tolist() == [0.0, 0.0]


def test_predictions_come_in_the_order_of_rows() -> None:
    encoder = build("small")
    rows = np.array([2, 0, 1, 1])
    found = predict(lambda batch: encoder(batch)[:, 0], rows, KeptTokens(encoder.tokens, TEXTS), CpuDevice(), 3)
    with torch.inference_mode():
        expected = encoder(encoder.tokens([TEXTS[row] for row in rows]))[:, 0]
    assert np.allclose(found, expected.numpy(), atol=1e-5)
