"""Made-up comments in three languages, so that the toxicity trainer needs no download.

A comment is toxic when it says something rude of a person. The same words are said of things, or denied, in harmless
comments, so that words alone do not tell; and some labels are wrong, as people's are. The words are mild ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random

import numpy as np

from trainers.data.comments import AUXILIARY, Comments

SEED = 2020
LABELLED, TEST, LINES = 1_900, 60, 240
WRONG = 0.04  # of labels

# For each language: people, things, rude words, kind words, small talk, threats; and how they are put together.
_WORDS: Mapping[str, Mapping[str, Sequence[str]]] = {
    "en": {
        "person": ("you are", "he is", "this editor is", "she is", "my neighbour is", "the author is", "they are"),
        "thing": ("the film is", "this page is", "the weather is", "that map is", "the soup is", "the new law is"),
        "rude": ("silly", "clueless", "lazy", "ridiculous", "useless", "childish", "a clown", "hopeless", "rotten"),
        "kind": ("helpful", "careful", "brilliant", "patient", "lovely", "fair", "right", "a treasure", "welcome"),
        "talk": (
            "I read the whole thread yesterday.", "See the talk page for sources.", "We met in spring.", "Thanks!",
            "The train was late again.", "Does anybody know the author?", "It rains a lot in Leeds.", "Good morning.",
        ),
        "threat": ("Just wait, I will get you.", "Leave, or you will be sorry.", "I know where you live, beware."),
        "not": ("not", "never"), "so": ("so", "really", "quite", ""), "and": ("and",),
    },
    "es": {
        "person": ("eres", "él es", "este editor es", "ella es", "mi vecino es", "el autor es", "ustedes son"),
        "thing": ("la película es", "esta página es", "el clima es", "ese mapa es", "la sopa es", "la nueva ley es"),
        "rude": ("tonto", "ignorante", "vago", "ridículo", "inútil", "infantil", "un payaso", "un desastre", "necio"),
        "kind": ("amable", "cuidadoso", "brillante", "paciente", "encantador", "justo", "un tesoro", "bienvenido"),
        "talk": (
            "Leí todo el hilo ayer.", "Mira la página de discusión.", "Nos vimos en primavera.", "¡Gracias!",
            "El tren llegó tarde otra vez.", "¿Alguien conoce al autor?", "Llueve mucho en Lugo.", "Buenos días.",
        ),
        "threat": ("Espera, te voy a encontrar.", "Vete o lo lamentarás.", "Sé dónde vives, ten cuidado."),
        "not": ("nada", "jamás"), "so": ("muy", "bastante", ""), "and": ("y",),
    },
    "tr": {
        "person": ("sen", "o adam", "bu editör", "o kadın", "komşum", "yazar", "siz hepiniz"),
        "thing": ("film", "bu sayfa", "hava", "o harita", "çorba", "yeni yasa"),
        "rude": ("aptalca", "cahil", "tembel", "gülünç", "işe yaramaz", "çocukça", "palyaço", "umutsuz", "çürük"),
        "kind": ("yardımsever", "dikkatli", "parlak", "sabırlı", "hoş", "adil", "haklı", "bir hazine"),
        "talk": (
            "Dün bütün yazıyı okudum.", "Kaynaklar için tartışma sayfasına bak.", "İlkbaharda tanıştık.", "Sağ ol!",
            "Tren yine geç kaldı.", "Yazarı tanıyan var mı?", "Rize'de çok yağmur yağar.", "Günaydın.",
        ),
        "threat": ("Bekle, seni bulacağım.", "Git, yoksa pişman olursun.", "Nerede yaşadığını biliyorum."),
        "not": ("değil", "hiç değil"), "so": ("çok", "gerçekten", ""), "and": ("ve",),
    },
}  # fmt: skip


def chatter() -> tuple[Comments, Comments, Comments]:
    """Comments with labels, comments to predict, and lines to augment with; always the same ones."""
    random = Random(SEED)
    labelled, test, lines = (
        _comments(name, count, random) for name, count in (("comment", LABELLED), ("test", TEST), ("line", LINES))
    )
    unsaid = Comments(test.ids, test.texts, test.langs, np.full(len(test), -1), test.auxiliary * 0, test.known * 0)
    return labelled, unsaid, lines


def _comments(name: str, count: int, random: Random) -> Comments:
    ids, texts, langs, toxic, auxiliary = [], [], [], [], []
    for number in range(count):
        lang = random.choice(tuple(_WORDS))
        text, labels = _comment(_WORDS[lang], 1 if name == "line" else random.randint(1, 5), random)
        if random.random() < WRONG:
            labels = dict.fromkeys(labels, 0) | {"toxic": 1 - labels["toxic"]}
        ids.append(f"{name}_{number:04d}")
        texts.append(text)
        langs.append(lang)
        toxic.append(labels["toxic"])
        auxiliary.append([labels[key] for key in AUXILIARY])
    return Comments(
        ids=ids,
        texts=texts,
        langs=langs,
        toxic=np.array(toxic, dtype=np.int64),
        auxiliary=np.array(auxiliary, dtype=np.float32),
        known=np.ones(count, dtype=np.float32),
    )


def _comment(words: Mapping[str, Sequence[str]], length: int, random: Random) -> tuple[str, dict[str, int]]:
    """A comment of so many sentences, and its labels."""
    labels = dict.fromkeys(("toxic", *AUXILIARY), 0)
    insults = int(random.random() < 0.4)
    parts = [_harmless(words, random) for _ in range(length - insults)]
    if insults:
        parts.append(_rude(words, labels, random))
        labels["toxic"] = 1
    random.shuffle(parts)
    return " ".join(parts), labels


def _harmless(words: Mapping[str, Sequence[str]], random: Random) -> str:
    kind = random.random()
    if kind < 0.4:
        return random.choice(words["talk"])
    if kind < 0.6:
        return _sentence(random, words["thing"], words["so"], words["rude"])
    if kind < 0.8:
        return _sentence(random, words["person"], words["so"], words["kind"])
    return _sentence(random, words["person"], words["not"], words["rude"])


def _rude(words: Mapping[str, Sequence[str]], labels: dict[str, int], random: Random) -> str:
    """A toxic sentence; sets the labels that say in which way."""
    if random.random() < 0.15:
        labels["threat"] = 1
        return random.choice(words["threat"])
    labels["insult"] = 1
    if random.random() < 0.3:
        labels["severe_toxic"] = labels["obscene"] = 1
        return _sentence(random, words["person"], words["so"], words["rude"], words["and"], words["rude"])
    return _sentence(random, words["person"], words["so"], words["rude"])


def _sentence(random: Random, *slots: Sequence[str]) -> str:
    chosen = [word for word in (random.choice(slot) for slot in slots) if word]
    return f"{' '.join(chosen).capitalize()}{random.choice('..!')}"
