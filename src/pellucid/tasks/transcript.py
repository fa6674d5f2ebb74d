"""What was heard in a recording: the text, and when each word was."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.data.transcripts import WORDS
from pellucid.ops.softmax import probabilities
from pellucid.tasks.transcription import BLANK

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.data.sound import Sound
    from pellucid.tasks.transcription import Transcription


@dataclass(frozen=True)
class HeardWord:
    """A word of a transcript.

    Attributes:
        word: The word.
        start: When the network begins to write it, in seconds from the recording's beginning.
        end: When it has written it. A network may write a word any time after it has heard enough
            of it: these are no borders of the word.
        probability: The least of its characters', each at its likeliest step, 0 to 1; of words the
            word's own.
    """

    word: str
    start: float
    end: float
    probability: float


@dataclass(frozen=True)
class Transcript:
    """What was heard in a recording.

    Attributes:
        text: The words with blanks between them; empty where nothing was heard.
        words: Each with its time.
    """

    text: str
    words: tuple[HeardWord, ...]

    def __str__(self) -> str:
        return self.text

    @classmethod
    def of(cls, rows: NDArray[np.float64], task: Transcription, sound: Sound) -> Transcript:
        """What the best path through a network's outputs for one recording says.

        Args:
            rows: Logits of T steps, (T, K + 1) or (1, T, K + 1).
            task: What the network was trained for.
            sound: How the recording became a picture.
        """
        logits = rows.reshape(-1, rows.shape[-1])
        shares = probabilities(logits)
        path = logits.argmax(axis=1)
        starts = np.flatnonzero(np.r_[True, path[1:] != path[:-1]])
        ends = np.r_[starts[1:], len(path)]
        step = sound.frames / len(path) * sound.hop_samples / sound.rate
        words: list[list[HeardWord]] = [[]]
        for first, behind in zip(starts.tolist(), ends.tolist(), strict=True):
            place = int(path[first])
            if place == BLANK:
                continue
            unit = task.vocabulary[place - 1]
            likeliest = float(shares[first:behind, place].max())
            if not unit.strip() or task.units == WORDS:
                words.append([])
            if unit.strip():
                words[-1].append(HeardWord(unit, first * step, behind * step, likeliest))
        heard = tuple(_joined(parts) for parts in words if parts)
        return cls(" ".join(each.word for each in heard), heard)

    def to_list(self) -> list[dict[str, Any]]:
        """The words as JSON values: ``word``, ``start``, ``end``, ``probability``."""
        return [asdict(each) for each in self.words]


def _joined(parts: list[HeardWord]) -> HeardWord:
    """The word that some characters make."""
    return HeardWord(
        "".join(each.word for each in parts),
        parts[0].start,
        parts[-1].end,
        min(each.probability for each in parts),
    )
