from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from trainers.configs.sentences import SentencesConfig
from trainers.data.word_batches import WordBatches
from trainers.data.word_features import WordFeatures
from trainers.losses.similarity import SimilarityBXENT
from trainers.models.sentence import Centre, SentenceEncoder, WeightedWords
from trainers.models.sentence_network import SentenceNetwork, sampled_words
from trainers.models.transformer import Layer, initialise, sinusoids
from trainers.sentences import _network

SENTENCES = ["One two three four", "five six", "seven", ""]


def words(length: int = 5) -> WordBatches:
    return WordBatches(WordFeatures(features=32), length)


def encoder(length: int = 5, **sizes: int) -> SentenceEncoder:
    torch.manual_seed(0)
    small = {"width": 8, "layers": 2, "heads": 2, "feed_forward": 12, "embedding": 6}
    return SentenceEncoder(32, words().features.scale, length, **(small | sizes)).eval()


def parameters(module: torch.nn.Module) -> int:
    return sum(param.numel() for param in module.parameters())


def test_the_original_has_19751936_parameters() -> None:
    """1120·512 + 512, six layers of 4·(512² + 512) + (2·512·2048 + 2048 + 512) + 4·512, a norm of 2·512, 512² + 512."""
    original = SentencesConfig(width=512, layers=6, heads=8, feed_forward=2048, embedding=512, words=50, batch_size=192)
    features = WordFeatures(original.features, original.ngrams, original.projection_seed)
    with torch.device("meta"):
        network = _network(original, WordBatches(features, original.words))
    assert parameters(network) == 19_751_936


def test_encoders_side_by_side_are_joined_before_the_maximum() -> None:
    both = encoder(encoders=2, layers=3)
    assert parameters(both.encoders[0]) == parameters(both.encoders[1])
    assert both.embed.in_features == 16
    vectors, states = both.with_words(words().batch(SENTENCES))
    assert (vectors.shape, states.shape) == ((4, 6), (4, 5, 16))
    assert not torch.equal(states[..., :8], states[..., 8:])


def test_sinusoids_are_those_of_the_paper() -> None:
    """sin and cos of p / 10000^(2i/d) at places 2i and 2i + 1 (Vaswani et al. 2017, section 3.5), with d = 4."""
    found = sinusoids(3, 4)
    assert found[0].tolist() == [0.0, 1.0, 0.0, 1.0]
    assert found[2].tolist() == pytest.approx([math.sin(2), math.cos(2), math.sin(0.02), math.cos(0.02)], rel=1e-5)
    assert sinusoids(3, 5).shape == (3, 5)


def test_a_layer_is_attention_and_a_feed_forward_net_each_added_to_what_came() -> None:
    """One head of width 2 with all matrices set by hand; the norm of (1, -1) is itself, that of (4, 2) is (1, -1)."""
    layer = Layer(width=2, heads=1, feed_forward=2)
    eye, nothing = torch.eye(2), torch.zeros(2, 2)
    for part in (layer.attention, layer.attended, layer.inner, layer.outer):
        torch.nn.init.zeros_(part.bias)
    layer.attention.weight.data = torch.cat([nothing, nothing, eye])
    for part in (layer.attended, layer.inner, layer.outer):
        part.weight.data = eye.clone()
    states = torch.tensor([[[1.0, -1.0], [4.0, 2.0], [9.0, 0.0]]])
    mask = torch.tensor([True, True, False]).view(1, 1, 1, 3)
    found = layer(states, mask)
    # Queries of zeros attend evenly to the first two words, whose values are (1, -1) both: (2, -2) and (5, 1) come out.
    # Their norms are (1, -1) again, of which the net lets the positive part through.
    assert found[0, 0].tolist() == pytest.approx([3.0, -2.0], abs=1e-4)
    assert found[0, 1].tolist() == pytest.approx([6.0, 1.0], abs=1e-4)


def test_the_activation_lets_a_fifth_through() -> None:
    """relu(h) + h/5 without layers, positions and norm: h = 1 gives 1.2, h = -1 gives -0.2."""
    made = encoder(width=2, heads=1, embedding=2, layers=1)
    made.encoders = torch.nn.ModuleList([_Identity()])
    made.positions.zero_()
    torch.nn.init.zeros_(made.project.weight)
    made.project.bias.data = torch.tensor([1.0, -1.0])
    made.embed.weight.data = torch.eye(2)
    torch.nn.init.zeros_(made.embed.bias)
    assert made(words().batch(["word"]))[0].tolist() == pytest.approx([1.2, -0.2])


class _Identity(torch.nn.Module):
    def forward(self, states: Any, mask: Any) -> Any:
        return states


def test_a_sentence_depends_on_its_own_words_only() -> None:
    """Not on padding, on its neighbours, or on how long the longest may be."""
    made = encoder()
    with torch.inference_mode():
        together = made(words().batch(SENTENCES))
        backwards = made(words().batch(SENTENCES[::-1])).flip(0)
        alone = torch.cat([made(words().batch([sentence])) for sentence in SENTENCES])
        filled_up = made(words().batch(SENTENCES, rows=7))[:4]
        longer = encoder(length=9)(words(9).batch(SENTENCES))
    for other in (backwards, alone, filled_up, longer):
        assert torch.allclose(together, other, atol=1e-5)
    assert together.isfinite().all()
    assert torch.allclose(together[3], made.embed.bias), "no words, no maximum"
    assert not torch.allclose(together[0], together[1], atol=1e-2)


def test_words_past_the_encoder_are_weighed_and_summed() -> None:
    """Weights softplus(0) = ln 2 of two words and ln(1 + e) of one, by hand; an empty place counts nothing."""
    skip = WeightedWords(width=2, embedding=2)
    skip.weigh.weight.data, skip.weigh.bias.data = torch.tensor([[0.0, 1.0]]), torch.zeros(1)
    skip.embed.weight.data, skip.embed.bias.data = torch.eye(2), torch.zeros(2)
    table = torch.tensor([[9.0, 9.0], [1.0, 0.0], [0.0, 1.0]])
    found = skip(table, torch.tensor([[1, 1, 0], [2, 0, 0], [1, 2, 0], [0, 0, 0]]))
    one, other = math.log(2), math.log(1 + math.e)
    root = math.sqrt(2)
    expected = [[2 * one / root, 0.0], [0.0, other], [one / root, other / root], [0.0, 0.0]]
    assert torch.allclose(found, torch.tensor(expected))


def test_the_sum_past_the_encoder_is_added_and_all_words_count_the_same_at_first() -> None:
    plain, skipping = encoder(), encoder(skip=True)
    assert skipping.skip is not None
    assert skipping.skip.weigh.weight.abs().sum() == 0
    skipping.load_state_dict(plain.state_dict(), strict=False)
    torch.nn.init.zeros_(skipping.skip.embed.weight)
    torch.nn.init.ones_(skipping.skip.embed.bias)
    batch = words().batch(SENTENCES)
    assert torch.allclose(skipping(batch), plain(batch) + 1.0)


def test_the_maximum_leaves_padding_out() -> None:
    made = encoder()
    made.embed.weight.data = torch.eye(6, 8)
    torch.nn.init.zeros_(made.embed.bias)
    vectors, states = made.with_words(words().batch(["one two"]))
    assert torch.allclose(vectors[0], states[0, :2, :6].max(0).values)
    assert (states[0, 2:, :6].max(0).values > vectors[0]).any(), "padding would have won somewhere"


def test_the_centre_is_the_batch_while_training_and_a_running_mean_after() -> None:
    """z = h − mean(h): after batches with means (3, 1) and (5, 3) the running one is (4, 2)."""
    centre = Centre(2)
    assert centre(torch.tensor([[4.0, 1.0], [2.0, 1.0]])).tolist() == [[1.0, 0.0], [-1.0, 0.0]]
    assert centre.mean.tolist() == [3.0, 1.0]
    centre(torch.tensor([[5.0, 3.0]]))
    assert centre.mean.tolist() == [4.0, 2.0]
    assert centre.eval()(torch.tensor([[5.0, 2.0]])).tolist() == [[1.0, 0.0]]
    assert centre.mean.tolist() == [4.0, 2.0]
    centre.batches.fill_(99.0)
    centre.train()(torch.tensor([[14.0, 2.0]]))
    assert centre.mean.tolist() == pytest.approx([5.0, 2.0]), "a tenth of the way"
    assert set(centre.state_dict()) == {"mean", "batches"}


def test_query_key_and_value_begin_as_matrices_of_their_own() -> None:
    """Xavier's bound is √(6 / (in + out)) (Glorot and Bengio 2010): √(6/16) for 8 × 8, and not √(6/32)."""
    torch.manual_seed(0)
    layer = Layer(8, 2, 16)
    initialise(layer)
    for matrix in layer.attention.weight.detach().chunk(3):
        assert math.sqrt(6 / 32) < float(matrix.abs().max()) <= math.sqrt(6 / 16)
    assert float(layer.inner.weight.detach().abs().max()) <= math.sqrt(6 / 24)
    assert not layer.inner.bias.any()


def test_words_are_taken_from_equal_parts_of_a_sentence() -> None:
    states = torch.arange(2 * 8, dtype=torch.float32).view(2, 8, 1)
    places = torch.tensor([[1] * 8, [1] * 3 + [0] * 5])
    found = sampled_words(states, places, 2).squeeze(2).tolist()
    assert found == [[2.0, 6.0], [8.0, 10.0]], "the middles of two halves of 8 words and of 3"


def test_the_word_loss_has_its_ratio_and_fades() -> None:
    """(1 − r)·L(sentences) + r·L(words), with r = ½, then ¼ and 0 as two steps have been taken."""
    network = SentenceNetwork(encoder(), SimilarityBXENT(), word_ratio=0.5, word_samples=2, word_fade=2).train()
    batch = {**words().batch(SENTENCES[:3]), "groups": torch.tensor([0, 0, 1])}
    for ratio in (0.5, 0.25, 0.0, 0.0):
        found = {name: float(value.detach()) for name, value in network(batch).items()}
        by_hand = (1 - ratio) * found["sentence_loss"] + ratio * found["word_loss"]
        assert found["loss"] == pytest.approx(by_hand)
        assert found["sentence_loss"] != pytest.approx(found["word_loss"])
    assert float(network.taken) == 4.0
    network.eval()(batch)
    assert float(network.taken) == 4.0, "evaluations are no steps"
    assert "taken" in network.state_dict()


def test_without_a_word_ratio_there_is_no_head_for_words() -> None:
    network = SentenceNetwork(encoder(), SimilarityBXENT())
    found = network({**words().batch(SENTENCES[:3]), "groups": torch.tensor([0, 0, 1])})
    assert set(found) == {"loss", "excess"}
    assert not found["excess"].requires_grad
    groups = network.parameter_groups()
    assert sum(parameters(torch.nn.ParameterList(group)) for group in groups.values()) == parameters(network)
