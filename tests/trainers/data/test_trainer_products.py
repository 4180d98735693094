from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from trainers import registry
from trainers.contract import InputError
from trainers.data.digits import GROUPS, digits
from trainers.data.images import DECODE_ALL, check_images, square
from trainers.data.products import read_products

GROCERY = Path(__file__).resolve().parents[4] / "shared" / "data" / "product_grocery"


def refusal(folder: Path | str, **values: object) -> str:
    """The one line with which `check` refuses this data."""
    trainer = registry.find("matching")
    with pytest.raises(InputError) as caught:
        trainer.check(registry.build_config(trainer, {"data": str(folder), "folds": 2, **values}))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def accept(folder: Path | str, **values: object) -> None:
    trainer = registry.find("matching")
    trainer.check(registry.build_config(trainer, {"data": str(folder), "folds": 2, **values}))


def edit(shop: Path, old: str, new: str) -> None:
    table = shop / "train.csv"
    text = table.read_text(encoding="utf-8")
    assert old in text
    table.write_text(text.replace(old, new), encoding="utf-8")


def test_good_data_pass(shop: Path) -> None:
    accept(shop, batch_size=8)
    products = read_products(shop)
    assert (len(products), products.titles[0], products.label_groups[-1]) == (
        24,
        "Thing number 0 in a box of 0",
        "1007",
    )
    assert products.has_titles


def test_digits_are_products_without_titles() -> None:
    products = digits()
    assert not products.has_titles
    assert len(set(products.label_groups)) == GROUPS
    assert len(set(products.posting_ids)) == len(products)
    sizes = Counter(products.label_groups).values()
    assert (min(sizes), max(sizes)) == (2, 8)
    pictures = np.stack([np.asarray(image) for image in products.images])
    assert (pictures.shape[1:], pictures.dtype) == ((16, 16), np.uint8)
    assert pictures.max() > 200
    assert digits().posting_ids == products.posting_ids
    assert all(np.array_equal(one, other) for one, other in zip(digits().images, pictures, strict=True))
    accept("")


@pytest.mark.skipif(not GROCERY.is_dir(), reason="the shared data are not here")
def test_real_photos_pass() -> None:
    accept(GROCERY)
    assert len(read_products(GROCERY)) == 293


def test_a_missing_folder_or_table(tmp_path: Path) -> None:
    assert "train.csv does not exist: --data needs a folder" in refusal(tmp_path / "nowhere")
    assert "train.csv does not exist" in refusal(tmp_path)


def test_a_missing_column(shop: Path) -> None:
    edit(shop, "label_group", "group")
    assert "has no column label_group (it has posting_id, image," in refusal(shop)


def test_a_table_without_rows(shop: Path) -> None:
    (shop / "train.csv").write_text("posting_id,image,image_phash,title,label_group\n")
    assert "has a header and no rows" in refusal(shop)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe\x00bad",
        b"posting_id,image,title,label_group\n1,a,b,c\n1,2,3,4,5,6,7\n",
        b'posting_id,image\n"open',
    ],
)
def test_a_table_that_cannot_be_read(shop: Path, content: bytes) -> None:
    (shop / "train.csv").write_bytes(content)
    message = refusal(shop)
    assert "train.csv" in message
    assert "cannot be read as a CSV file" in message or "has no column" in message


def test_rows_with_more_values_than_the_header(shop: Path) -> None:
    (shop / "train.csv").write_text("posting_id,image,title,label_group\n" + "a,b.jpg,c,1,extra\n" * 3)
    assert "cannot be read as a CSV file" in refusal(shop)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("post_3,", ",", "row 4 has no posting_id"),
        (",p3.png,", ",,", "row 4 has no image"),
        ("box of 23,1007", "box of 23,", "row 24 has no label_group"),
        ("post_3,", "post_2,", "rows 3 and 4 share posting_id 'post_2'"),
    ],
)
def test_missing_and_double_values_name_their_row(shop: Path, old: str, new: str, words: str) -> None:
    edit(shop, old, new)
    assert words in refusal(shop)


def test_words_like_na_are_titles_and_not_missing_values(shop: Path) -> None:
    edit(shop, "Thing number 0 in a box of 0", "NA")
    assert read_products(shop).titles[0] == "NA"


def test_settings_that_do_not_fit_the_data(shop: Path) -> None:
    assert "folds = 9 is more than the 8 groups" in refusal(shop, folds=9)
    assert "fold = 2 does not exist: give a number from 0 to 1" in refusal(shop, fold=2)
    assert "batch_size = 13 is more than the 12 training rows" in refusal(shop, batch_size=13)
    assert "the built-in digits has no titles; use modalities=image" in refusal("", modalities="text")


def test_too_few_groups_to_train_on(shop: Path) -> None:
    lines = (shop / "train.csv").read_text().splitlines()
    (shop / "train.csv").write_text("\n".join(lines[:7]) + "\n")
    assert "only 1 groups are left to train on" in refusal(shop, batch_size=2)


def test_missing_images_are_counted_and_named(shop: Path) -> None:
    for name in ("p3.png", "p4.jpg", "p5.jpg", "p6.png"):
        (shop / "train_images" / name).unlink()
    message = refusal(shop, batch_size=8)
    assert "4 of 24 images" in message
    assert "do not exist: p3.png, p4.jpg, p5.jpg, …; copy them there" in message


def test_images_are_not_looked_at_where_only_titles_count(shop: Path) -> None:
    (shop / "train_images" / "p3.png").unlink()
    accept(shop, modalities="text", batch_size=8)


def test_a_file_that_is_no_image(shop: Path) -> None:
    (shop / "train_images" / "p4.jpg").write_text("<html>404</html>")
    message = refusal(shop, batch_size=8)
    assert "1 of 24 images" in message
    assert "p4.jpg (cannot identify image file); replace them" in message


@pytest.mark.parametrize("name", ["p4.jpg", "p3.png"])
@pytest.mark.parametrize("decode_all", [DECODE_ALL, 0])
def test_images_cut_short(shop: Path, name: str, decode_all: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trainers.data.images.DECODE_ALL", decode_all)
    accept(shop, batch_size=8)
    path = shop / "train_images" / name
    path.write_bytes(path.read_bytes()[:-70])
    message = refusal(shop, batch_size=8)
    assert f"are damaged or cut short: {name}" in message


def test_arrays_need_no_check() -> None:
    check_images(digits().images)


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "P", "CMYK", "1"])
def test_pictures_of_every_mode_become_three_channels(tmp_path: Path, mode: str) -> None:
    path = tmp_path / ("picture.jpg" if mode == "CMYK" else "picture.png")
    Image.new(mode, (30, 20)).save(path)
    pixels = square(path, 16)
    assert (pixels.shape, pixels.dtype) == ((3, 16, 16), np.uint8)


def test_a_picture_that_breaks_later_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"image .*gone\.jpg cannot be read"):
        square(tmp_path / "gone.jpg", 16)
