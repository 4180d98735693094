"""Words of training loops in other languages, in English: `第3轮 训练损失：0.5` is `epoch 3 train_loss: 0.5`."""

from __future__ import annotations

import re

_COUNTED = re.compile(r"第 ?(\d{1,9}) ?(?:轮|輪|个?epoch|エポック)(?: ?[/／] ?(\d{1,9}))?")
_PHASES = re.compile(r"(训练|訓練|学習|验证|検証|測試|测试|テスト)(?:集|データ)?(?:的|の)?[ _]?(?=[^\s\d:=])")
_PHASE = {
    "训练": "train_", "訓練": "train_", "学習": "train_", "验证": "val_", "検証": "val_", "測試": "test_",
    "测试": "test_", "テスト": "test_",
}  # fmt: skip
_WORD = {
    "损失": "loss", "損失": "loss", "准确率": "accuracy", "正確率": "accuracy", "正解率": "accuracy",
    "精度": "accuracy",
    "エポック": "epoch", "轮次": "epoch", "学习率": "lr", "学習率": "lr",
    "verlust": "loss", "genauigkeit": "accuracy", "epoche": "epoch", "lernrate": "lr",
    "perte": "loss", "époque": "epoch", "pérdida": "loss", "época": "epoch",
    "потери": "loss", "точность": "accuracy", "эпоха": "epoch",
}  # fmt: skip
_WORDS = re.compile("|".join(rf"(?<![a-z]){word}(?![a-z])" for word in sorted(_WORD, key=len, reverse=True)))
_ASCII = re.compile(r"verlust|genauigkeit|epoche|lernrate|perte")
_SIGNS = str.maketrans({"：": ":", "＝": "=", "，": ",", "、": ",", "（": "(", "）": ")", "｜": "|", "\u3000": " "})


def in_english(text: str) -> str:
    """`text`, in small letters, with the words of a training loop and the signs between them as English has them."""
    if text.isascii() and not _ASCII.search(text):
        return text
    text = _COUNTED.sub(_counted, text.translate(_SIGNS))
    text = _PHASES.sub(lambda found: _PHASE[found[1]], text)
    return _WORDS.sub(lambda found: _WORD[found[0]], text)


def _counted(found: re.Match[str]) -> str:
    return f"epoch {found[1]}/{found[2]} " if found[2] else f"epoch {found[1]} "
