"""Fusions of modalities, and the outputs of a matcher: nothing about a posting depends on the others of its batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
import torch
from torch import Tensor, nn

from trainers.configs.matching import MatchingConfig
from trainers.models.build_matcher import build_network
from trainers.models.fusion import ConcatFusion, SimilarityFusion, TransformerFusion
from trainers.models.matcher import Matcher

ROWS = 6
EVERY: dict[str, dict[str, object]] = {
    "concat": {"fusion": "concat"},
    "transformer": {"fusion": "transformer", "fusion_layers": 2, "fusion_heads": 4},
    "similarity": {"fusion": "similarity"},
    "three": {"fusion": "transformer", "outputs": "three", "image_pooling": "gem", "text_pooling": "mean_max"},
}


def config_of(**values: object) -> MatchingConfig:
    return MatchingConfig(data="shop", embedding=16, image_size=16, **values)  # type: ignore[arg-type]


def matcher_of(**values: object) -> Matcher:
    torch.manual_seed(0)
    return build_network(config_of(**values), ("image", "text"), classes=5).matcher


def batch_for(matcher: Matcher) -> dict[str, Tensor]:
    pictures = torch.randint(0, 256, (ROWS, 3, 16, 16), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    return {"image": pictures, "text": matcher.encode_titles([f"thing {row} of {row % 2}" for row in range(ROWS)], 16)}


def apart(outputs: Callable[[Mapping[str, Tensor]], Mapping[str, Tensor]], batch: Mapping[str, Tensor]) -> float:
    """How far embeddings of all rows at once are from those of the rows in another order, and one by one."""
    with torch.inference_mode():
        together = outputs(batch)
        order = torch.randperm(ROWS, generator=torch.Generator().manual_seed(1))
        shuffled = outputs({name: column[order] for name, column in batch.items()})
        alone = [outputs({name: column[row : row + 1] for name, column in batch.items()}) for row in range(ROWS)]
        return max(
            max(
                float((embeddings[order] - shuffled[name]).abs().max()),
                float((embeddings - torch.cat([one[name] for one in alone])).abs().max()),
            )
            for name, embeddings in together.items()
        )


@pytest.mark.parametrize("name", EVERY)
def test_an_embedding_does_not_depend_on_the_other_rows(name: str) -> None:
    matcher = matcher_of(**EVERY[name]).eval()
    assert apart(matcher.outputs, batch_for(matcher)) < 1e-5


def test_attention_across_the_batch_would_be_seen() -> None:
    """The mistake that rows are the second dimension to the attention, which is what it expects unless told."""
    matcher = matcher_of(**EVERY["transformer"]).eval()
    for module in matcher.modules():
        if isinstance(module, nn.MultiheadAttention):
            module.batch_first = False
    assert apart(matcher.outputs, batch_for(matcher)) > 1e-3


def test_modalities_of_one_posting_attend_to_each_other() -> None:
    torch.manual_seed(0)
    fusion = TransformerFusion([3, 5], embedding=8, layers=1, heads=2).eval()
    image, text = torch.randn(2, 3), torch.randn(2, 5)
    tokens = torch.stack([project(part) for project, part in zip(fusion.tokens, (image, text), strict=True)], dim=1)
    other = tokens.clone()
    other[0, 1] = torch.randn(8)
    changed = (fusion.layers(tokens) - fusion.layers(other)).abs().amax(2)
    assert (changed[0] > 1e-3).all()
    assert (changed[1] == 0).all()


def test_layers_of_the_transformer_begin_apart() -> None:
    fusion = TransformerFusion([3, 5], embedding=8, layers=2, heads=2)
    first, second = (layer.linear1.weight for layer in fusion.layers)
    assert not torch.equal(first, second)  # type: ignore[arg-type]
    assert fusion.settings() == {
        "fusion": "transformer", "fusion_layers": 2, "fusion_heads": 2, "fusion_dropout": 0.0,
    }  # fmt: skip


def test_three_outputs_are_embeddings_and_the_first_is_the_fused_one() -> None:
    matcher = matcher_of(outputs="three").eval()
    batch = batch_for(matcher)
    outputs = matcher.outputs(batch)
    assert list(outputs) == ["fused", "image", "text"]
    assert {tuple(embeddings.shape) for embeddings in outputs.values()} == {(ROWS, 16)}
    torch.testing.assert_close(outputs["fused"], matcher(batch))
    other = batch | {"text": batch["text"].flip(0)}
    torch.testing.assert_close(matcher.outputs(other)["image"], outputs["image"])
    assert not torch.allclose(matcher.outputs(other)["text"], outputs["text"])
    assert list(matcher_of().outputs(batch)) == ["fused"]


def test_dropouts_are_where_they_are_asked_for() -> None:
    settings = matcher_of(dropout=0.3, image_dropout=0.5, fusion_dropout=0.2).settings()
    assert {name: settings[name] for name in settings if name.endswith("dropout")} == {
        "image_dropout": 0.5, "text_dropout": 0.3, "fusion_dropout": 0.2,
    }  # fmt: skip
    fusion = ConcatFusion([4, 4], 2, dropout=0.5)
    assert isinstance(fusion.dropout, nn.Dropout)
    assert fusion.dropout.p == 0.5


def test_averaged_similarities_by_hand() -> None:
    """Images at 60°, texts at 90°: 0.2·½ + 0.8·0."""
    fusion = SimilarityFusion(embedding=2, image_share=0.2)
    image = torch.tensor([[2.0, 0.0], [0.5, 0.75**0.5]])
    text = torch.tensor([[0.0, 3.0], [7.0, 0.0]])
    fused = fusion({"image": image, "text": text})
    assert fused.shape == (2, 4)
    torch.testing.assert_close(fused @ fused.T, torch.tensor([[1.0, 0.1], [0.1, 1.0]]))


def test_with_averaged_similarities_both_embeddings_are_trained_and_the_fused_one_is_made_of_them() -> None:
    network = build_network(config_of(fusion="similarity"), ("image", "text"), classes=5)
    matcher = network.matcher.eval()
    batch = batch_for(matcher)
    outputs = matcher.outputs(batch)
    assert {name: embeddings.shape[1] for name, embeddings in outputs.items()} == {"fused": 32, "image": 16, "text": 16}
    torch.testing.assert_close(outputs["fused"], matcher(batch))
    losses = network.train()(batch | {"label": torch.arange(ROWS) % 5})
    torch.testing.assert_close(losses["loss"].detach(), losses["image_loss"] + losses["text_loss"])
    losses["loss"].backward()
    assert all(parameter.grad is not None for parameter in network.parameters())


def test_with_averaged_similarities_text_is_trained_as_it_would_be_alone() -> None:
    """Photos without dropout draw no random numbers, and share nothing with titles."""

    def trained(modalities: tuple[str, ...], **values: object) -> Tensor:
        torch.manual_seed(0)
        network = build_network(config_of(text_dropout=0.3, image_dropout=0.0, **values), modalities, classes=5)
        optimizer = torch.optim.AdamW(network.parameters(), lr=0.01)
        batch = batch_for(network.matcher) | {"label": torch.arange(ROWS) % 5}
        for _ in range(3):
            optimizer.zero_grad()
            network(batch)["loss"].backward()
            optimizer.step()
        outputs = network.eval().matcher.outputs(batch)
        return outputs["text"] if "text" in outputs else outputs["fused"]

    alone = trained(("text",))
    assert torch.equal(trained(("image", "text"), fusion="similarity"), alone)
    assert not torch.allclose(trained(("image", "text"), outputs="three"), alone)
