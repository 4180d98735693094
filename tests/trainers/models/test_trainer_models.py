from __future__ import annotations

from pathlib import Path

import pytest
import torch

from trainers.contract import InputError
from trainers.losses.arcface import ArcFace
from trainers.losses.matching import MatchingLoss
from trainers.models.fusion import ConcatFusion, Embedder
from trainers.models.image import build_image_branch
from trainers.models.matcher import Branch, Matcher, MatchingNetwork
from trainers.models.text import NgramBag, PretrainedText, build_text_branch


@pytest.fixture
def tiny_bert(tmp_path: Path) -> Path:
    """A text model of transformers with random weights, saved to a folder."""
    from transformers import BertConfig, BertModel, BertTokenizer

    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "red", "apple", "green", "box", "big"]
    (tmp_path / "vocab.txt").write_text("\n".join(words), encoding="utf-8")
    BertTokenizer(vocab=str(tmp_path / "vocab.txt")).save_pretrained(tmp_path)
    sizes = {"hidden_size": 16, "num_hidden_layers": 5, "num_attention_heads": 2, "intermediate_size": 16}
    torch.manual_seed(0)
    BertModel(BertConfig(vocab_size=len(words), max_position_embeddings=32, **sizes)).save_pretrained(tmp_path)
    return tmp_path


@pytest.fixture
def tiny_vit(tmp_path: Path) -> Path:
    """An image model of transformers with random weights, saved to a folder with its colours."""
    from transformers import ViTConfig, ViTModel

    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    ViTModel(ViTConfig(image_size=32, patch_size=16, **sizes)).save_pretrained(tmp_path)
    (tmp_path / "preprocessor_config.json").write_text('{"image_mean": [0.1, 0.2, 0.3], "image_std": [0.5, 0.5, 0.5]}')
    return tmp_path


def test_the_small_net_takes_any_size() -> None:
    net = build_image_branch("small", 16)
    for size in (8, 16, 33):
        assert net(torch.zeros(2, 3, size, size, dtype=torch.uint8)).shape == (2, net.features)


def test_ngram_padding_does_not_count() -> None:
    bag = NgramBag(buckets=64, features=4)
    short, long = bag.encode(["apple"], 16), bag.encode(["apple"], 64)
    assert torch.allclose(bag(short), bag(long))
    assert torch.equal(bag(bag.encode([""], 8)), torch.zeros(1, 4))


def test_a_pretrained_text_model_ignores_padding(tiny_bert: Path, capfd: pytest.CaptureFixture[str]) -> None:
    branch = build_text_branch(str(tiny_bert))
    assert isinstance(branch, PretrainedText)
    branch.eval()
    titles = ["red apple", "big green box green box"]
    short, long = branch.encode(titles, 8), branch.encode(titles, 20)
    assert (short.shape, long.shape, branch.features) == ((2, 8), (2, 20), 16)
    assert torch.allclose(branch(short), branch(long), atol=1e-5)
    hidden = branch.body(short, attention_mask=(short != 0).long(), output_hidden_states=True).hidden_states
    for pooling in ("max", "mean_max", "gem", "cls", "last4"):
        other = build_text_branch(str(tiny_bert), pooling).eval()
        assert torch.allclose(other(short), other(long), atol=1e-5)
        assert other(short).shape == (2, other.features)
        assert other.settings()["text_pooling"] == pooling
        if pooling == "cls":
            assert torch.allclose(other(short), hidden[-1][:, 0], atol=1e-5)
        if pooling == "last4":
            # "red apple" has four tokens with those around it; the mean of layers 2 to 5 over them.
            expected = torch.stack(hidden[2:]).mean(0)[0, :4].mean(0)
            assert torch.allclose(other(short)[0], expected, atol=1e-5)
            assert other.settings() == {"text_pooling": "last4", "text_layers": 4, "stack_dropout": 0.0}
    assert capfd.readouterr() == ("", "")


def test_a_pretrained_image_model_uses_its_own_colours(tiny_vit: Path, capfd: pytest.CaptureFixture[str]) -> None:
    branch = build_image_branch(str(tiny_vit), 32)
    assert branch.mean.flatten().tolist() == pytest.approx([0.1, 0.2, 0.3])  # type: ignore[operator, union-attr]
    assert branch(torch.zeros(2, 3, 32, 32, dtype=torch.uint8)).shape == (2, 16)
    both = build_image_branch(str(tiny_vit), 32, "mean_max")
    assert both(torch.zeros(2, 3, 32, 32, dtype=torch.uint8)).shape == (2, both.features) == (2, 32)
    assert capfd.readouterr() == ("", "")


def test_an_image_model_of_another_size_is_refused(tiny_vit: Path) -> None:
    with pytest.raises(InputError, match="takes pictures of 32 pixels: set image_size=32"):
        build_image_branch(str(tiny_vit), 64)


def test_parameter_groups_cover_every_parameter_once() -> None:
    branches = {
        "image": Branch(build_image_branch("small", 16), dropout=0.1),
        "text": Branch(NgramBag(buckets=64, features=8), dropout=0.1),
    }
    own = {name: Embedder(branch.features, 16) for name, branch in branches.items()}
    matcher = Matcher(branches, ConcatFusion([branch.features for branch in branches.values()], 16), own)
    network = MatchingNetwork(matcher, MatchingLoss(ArcFace(4, 16, 32.0, 0.5)))
    groups = network.parameter_groups()
    assert list(groups) == ["image", "text", "head"]
    grouped = [id(param) for params in groups.values() for param in params]
    assert sorted(grouped) == sorted(id(param) for param in network.parameters())
