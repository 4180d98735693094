from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from trainers.contract import InputError
from trainers.data.batches import Pictures, Places, training_loader
from trainers.data.changing_pictures import CentredPictures, ChangingPictures, TrainingPostings, resized
from trainers.data.loading import Loading
from trainers.data.picture_augmentation import HOW, _cut, _move, augment, source_size
from trainers.data.products import read_products


def picture(size: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (size, size, 3)).astype(np.uint8)


def changing(shop: Path, how: str = "full", sizes: tuple[int, ...] = (8, 16), every: int = 2) -> ChangingPictures:
    return ChangingPictures(Pictures(read_products(shop).images, source_size(how, sizes[-1])), sizes, every, how, 7)


def test_pictures_to_be_cropped_are_a_tenth_larger() -> None:
    assert [source_size(how, 64) for how in HOW] == [64, 71, 71]


def test_light_mirrors_and_crops_and_does_nothing_else() -> None:
    source = picture(18)
    crops = {
        source[top : top + 16, left : left + 16][:, ::step].tobytes()
        for top in range(3)
        for left in range(3)
        for step in (1, -1)
    }
    seen = {augment(source, 16, "light", np.random.default_rng(seed)).tobytes() for seed in range(200)}
    assert seen == crops


def test_full_cuts_holes_of_two_fifths_half_of_the_time() -> None:
    """A hole of 6 by 6 pixels in 16 by 16; what is moved in mirrors the picture, so that nothing else is black."""
    source = np.full((18, 18, 3), 200, np.uint8)
    black = [int((augment(source, 16, "full", np.random.default_rng(seed)) == 0).sum()) for seed in range(400)]
    assert set(black) == {0, 6 * 6 * 3}
    assert 0.4 < black.count(108) / 400 < 0.6
    assert (_cut(source, np.random.default_rng(0)) == 0).sum() == 7 * 7 * 3


def test_moving_goes_where_it_is_told() -> None:
    source = np.zeros((20, 20, 3), np.uint8)
    source[10, 10] = 255

    def brightest(**how: float) -> tuple[int, int]:
        moved = _move(source, **({"right": 0.0, "down": 0.0, "larger": 0.0, "turn": 0.0} | how))
        return divmod(int(moved[:, :, 0].argmax()), 20)

    assert brightest() == (10, 10)
    assert brightest(right=0.2) == (10, 14)
    assert brightest(down=-0.1) == (8, 10)
    source[10, 10], source[10, 16] = 0, 255
    assert brightest(turn=np.pi / 2) == (16, 9)
    assert brightest(larger=0.5)[1] > 18


def test_chance_follows_from_seed_epoch_and_row(shop: Path) -> None:
    pictures = changing(shop)
    assert torch.equal(pictures.at([3, 5], 2), pictures.at([5, 3], 2).flip(0))
    assert not torch.equal(pictures.at([3], 2), pictures.at([3], 3))
    other = ChangingPictures(pictures._pictures, (8, 16), 2, "full", 8)
    assert not torch.equal(pictures.at([3], 2), other.at([3], 2))


def test_sizes_grow_with_the_epochs(shop: Path) -> None:
    for how in HOW:
        shapes = [changing(shop, how).at([0, 1], epoch).shape for epoch in range(5)]
        assert shapes == [(2, 3, size, size) for size in (8, 8, 16, 16, 16)]
        assert changing(shop, how).at([0], 0).dtype == torch.uint8


def test_validation_sees_the_middle(shop: Path) -> None:
    images = read_products(shop).images
    larger = Pictures(images, 18)
    assert torch.equal(CentredPictures(larger, 16)([4, 2]), larger([4, 2])[:, :, 1:17, 1:17])
    assert torch.equal(CentredPictures(larger, 18)([4]), larger([4]))
    assert resized(larger([4]), 9).shape == (1, 3, 9, 9)


@pytest.mark.parametrize("workers", [0, 1])
def test_a_picture_that_breaks_in_the_middle_is_named_in_one_line(shop: Path, workers: int) -> None:
    images = read_products(shop).images
    pictures = ChangingPictures(Pictures(images, 18, cache_bytes=0), (16,), 1, "light", 0)
    (shop / "train_images" / "p7.jpg").write_bytes(b"torn")
    loader = training_loader(
        TrainingPostings(np.arange(24), {}, pictures), 4, torch.Generator().manual_seed(0), Loading(workers)
    )
    with pytest.raises(InputError) as refusal:
        list(loader)
    assert str(refusal.value).startswith(f"image {shop / 'train_images' / 'p7.jpg'} cannot be read: ")
    assert "\n" not in str(refusal.value)


def test_places_know_their_epoch() -> None:
    loader = training_loader(TrainingPostings(np.arange(8), {}), 4, torch.Generator().manual_seed(0))
    loader.begin(3)
    drawn = list(loader.order)
    assert [(type(places), places.epoch) for places in drawn] == [(Places, 3), (Places, 3)]
