from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from trainers.configs.matching import MatchingConfig
from trainers.contract import InputError
from trainers.data.holdout import SCHEMES, held_out
from trainers.data.matching import load_products, split
from trainers.data.products import read_folds

# Ten groups of four, numbered 1 to 10 so that order by name and by number differ.
LABELS = [str(1 + row // 4) for row in range(40)]


def held(scheme: str, folds: int = 5, fold: int = 0, labels: list[str] = LABELS) -> set[str]:
    chosen, _ = held_out(scheme, labels, folds, fold)
    return {label for label, out in zip(labels, chosen, strict=True) if out}


def shared(scheme: str, folds: int = 5) -> set[str]:
    """Groups on both sides."""
    chosen, _ = held_out(scheme, LABELS, folds, 0)
    return held(scheme, folds) & {label for label, out in zip(LABELS, chosen, strict=True) if not out}


def test_the_settings_offer_every_scheme() -> None:
    assert MatchingConfig.__dataclass_fields__["holdout"].metadata["choices"] == SCHEMES


@pytest.mark.parametrize("scheme", ["groups", "rows", "unseen", "parity"])
def test_folds_hold_out_every_row_once(scheme: str) -> None:
    folds = held_out(scheme, LABELS, 5, 0)[1]
    times = np.sum([held_out(scheme, LABELS, 5, fold)[0] for fold in range(folds)], axis=0)
    assert times.tolist() == [1] * 40
    assert shared(scheme) == (set(LABELS) if scheme == "rows" else set()) or scheme == "rows"


def test_unseen_are_the_last_groups_by_number() -> None:
    assert held("unseen") == {"9", "10"}
    assert held("unseen", fold=4) == {"1", "2"}
    assert held("unseen", folds=3, labels=["b", "a", "c"]) == {"c"}


def test_mixed_holds_out_half_of_each() -> None:
    """Of ten parts the last, group 10, and of the other 36 rows those whose row fold is 0: every tenth."""
    chosen, folds = held_out("mixed", LABELS, 5, 0)
    assert folds == 5
    assert chosen[36:].all()
    assert chosen[:36].sum() == 4
    assert len(shared("mixed")) == 4


def test_parity_halves_by_whole_numbers() -> None:
    assert held("parity", fold=0) == {"2", "4", "6", "8", "10"}
    assert held_out("parity", LABELS, 7, 1)[1] == 2
    with pytest.raises(InputError, match="parity needs whole numbers as label_group, not 'b'; use holdout=groups"):
        held_out("parity", ["1", "b"], 5, 0)
    with pytest.raises(InputError, match="fold = 2 does not exist: give a number from 0 to 1"):
        held_out("parity", LABELS, 5, 2)


def test_too_few_groups_for_the_parts_are_refused() -> None:
    with pytest.raises(InputError, match="10 groups cannot be cut into 12 parts; lower folds"):
        held_out("mixed", LABELS, 6, 0)


def test_given_folds_are_taken(shop: Path) -> None:
    def config(fold: int = 0) -> MatchingConfig:
        return MatchingConfig(data=str(shop), batch_size=4, holdout="file", fold=fold)

    products = load_products(str(shop))
    with pytest.raises(InputError, match=r"train\.csv has no column fold"):
        split(products, config())
    lines = [f"post_{row},{10 if row < 6 else 9 if row < 20 else 2}" for row in reversed(range(24))]
    (shop / "train_fold.csv").write_text("\n".join(["posting_id,fold", *lines]), encoding="utf-8")
    # By number, so 2, 9 and 10. Rows 18 and 19 are of the group of row 20.
    assert split(products, config()).valid.tolist() == [20, 21, 22, 23]
    assert split(products, config()).holdout == "file with shared groups"
    last = split(products, config(2))
    assert (last.valid.tolist(), last.folds, last.holdout) == ([0, 1, 2, 3, 4, 5], 3, "file")
    with pytest.raises(InputError, match="fold = 3 does not exist: give a number from 0 to 2"):
        split(products, config(3))
    (shop / "train_fold.csv").write_text("\n".join(["posting_id,fold", *lines[1:]]), encoding="utf-8")
    with pytest.raises(InputError, match=r"train_fold\.csv has no fold for the posting 'post_23'"):
        read_folds(shop, products.posting_ids)
    with pytest.raises(InputError, match="holdout = file needs a data folder"):
        split(load_products(""), MatchingConfig(holdout="file"))


def test_deliberate_leaks_are_told(shop: Path) -> None:
    products = load_products(str(shop))
    parts = {
        scheme: split(products, MatchingConfig(data=str(shop), batch_size=4, folds=2, holdout=scheme))
        for scheme in ("groups", "rows", "unseen", "mixed", "parity")
    }
    assert {scheme: part.holdout for scheme, part in parts.items()} == {scheme: scheme for scheme in parts}
    assert {scheme for scheme, part in parts.items() if part.known_share > 0} == {"rows", "mixed"}
    assert parts["rows"].known_share == 1.0
    assert 0 < parts["mixed"].known_share < 1


def test_groups_of_one_can_be_on_either_side(shop: Path) -> None:
    table = (shop / "train.csv").read_text(encoding="utf-8")
    (shop / "train.csv").write_text(table.replace(",1007\n", ",1008\n", 1).replace(",1006\n", ",1009\n", 1))
    products = load_products(str(shop))
    for fold in (0, 1):
        parts = split(products, MatchingConfig(data=str(shop), batch_size=4, folds=2, fold=fold))
        assert len(parts.train) + len(parts.valid) == 24
