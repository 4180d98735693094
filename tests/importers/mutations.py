"""Sources that went wrong: bytes of samples, changed in all the ways that files get changed."""

import random

SPLICES = (
    b"\x1b[31m", b"\x1b]52;c;aGVsbG8=\x07", b"\x9b31m", b"\xc2\x9b31m", b"\xe2\x80\xae", b"\x1b", b"\x07", b"\0",
    b"\r", b"\n", b"\r\n", b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"nan", b"-inf", b"1e999", b"9" * 400,
    b"-", b"{", b"}", b"[", b"]", b'"', b"'", b",", b";", b"\t", b"|", b"=", b":", b"<", b"#", b"```", b"  ", b"loss",
    b"epoch", b"step 0", b"Epoch 1/2", b"100%|###| 4/4 [00:01<00:00]", b"Traceback (most recent call last):",
    b"[rank3]: ", b"e" * 5000, b"a" + "\u0301".encode() * 4, b"\\u001b", b"%s", b"%d", b"../../x",
)  # fmt: skip


def mutated(data, chance, most=8):
    """`data` with a few changes."""
    data = bytearray(data)
    for _ in range(chance.randrange(1, most)):
        at = chance.randrange(len(data) + 1)
        change = chance.randrange(6)
        if change == 0:
            data[at:at] = chance.choice(SPLICES)
        elif change == 1:
            del data[at : at + chance.randrange(1, 40)]
        elif change == 2 and at < len(data):
            data[at] = chance.randrange(256)
        elif change == 3:
            data[at:at] = data[at : at + chance.randrange(1, 200)]
        elif change == 4:
            del data[at : len(data) if chance.random() < 0.1 else at + 1]
        else:
            data[at : at + chance.randrange(4)] = str(chance.randrange(10**12)).encode()
    return bytes(data)


def mutated_lines(data, chance, count):
    """So many lines of `data`, in any order, each of which may be changed."""
    lines = data.split(b"\n")
    taken = (chance.choice(lines) for _ in range(count))
    return b"\n".join(mutated(line, chance, 4) if chance.random() < 0.7 else line for line in taken)


def sources(samples, seed, lines):
    """Contents of files without end: shuffled lines, whole files, and mixtures of two, each with its line count."""
    chance = random.Random(seed)
    while True:
        data = chance.choice(samples)
        kind = chance.randrange(3)
        if kind == 0:
            yield mutated_lines(data, chance, lines)
        elif kind == 1:
            yield mutated(data, chance, 20)
        else:
            yield mutated(data, chance) + b"\n" + mutated(chance.choice(samples), chance)
