"""Recordings of words that are tones, with their texts, and a network small enough for tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.layers import BatchNorm, Conv2D, ReLU, Sequential
from tests.data.sound.tones import tone, wav

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

RATE = 4000
TONES = {"ha": 300.0, "ho": 700.0, "hu": 1400.0}
SOUND = "mels=8,hop=0.03,window=0.06"


def spoken(text: str, seed: int = 0) -> NDArray[np.float64]:
    """The samples of a text whose words are :data:`TONES`, with pauses."""
    random = np.random.default_rng(seed)

    def silence(least: float) -> NDArray[np.float64]:
        return np.zeros(round(random.uniform(least, least + 0.1) * RATE))

    pieces = [silence(0.0)]
    for word in text.split():
        pieces += [tone(TONES[word], 0.2, RATE) * np.hanning(round(0.2 * RATE)), silence(0.1)]
    samples = np.concatenate(pieces)
    return samples + random.normal(0, 0.001, len(samples))


def texts(count: int, seed: int = 0) -> list[str]:
    """Texts of one to three words."""
    random = np.random.default_rng(seed)
    words = list(TONES)
    return [
        " ".join(words[k] for k in random.integers(0, len(words), random.integers(1, 4)))
        for _ in range(count)
    ]


def recordings(folder: Path, parts: dict[str, int]) -> Path:
    """Recordings and their list, ``path,text,split``, texts with capitals and full stops."""
    lines = ["path,text,split"]
    for number, (part, count) in enumerate(parts.items()):
        for k, text in enumerate(texts(count, number)):
            name = f"{part}{k}.wav"
            (folder / name).write_bytes(wav(spoken(text, 100 * number + k), RATE))
            lines.append(f"{name},{text.capitalize()}.,{part}")
    path = folder / "list.csv"
    path.write_text("\n".join(lines))
    return path


def small(outputs: int) -> Sequential:
    """A network for pictures of 8 rows: a step for every two columns."""
    return Sequential(
        [
            Conv2D(16, 3, stride=2, padding="same", bias=False), BatchNorm(), ReLU(),
            Conv2D(32, (4, 3), padding=((0, 0), (1, 1)), bias=False), BatchNorm(), ReLU(),
            Conv2D(outputs, 1),
        ]
    )  # fmt: skip
