"""What was heard in a recording: the text, and when each word was."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from pellucid.data.transcripts import WORDS

if TYPE_CHECKING:
    import numpy as np
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
        step = step_seconds(sound, rows.shape[-2])
        words: list[list[HeardWord]] = [[]]
        for each in task.written_in(rows):
            unit = each.name
            if not unit.strip() or task.units == WORDS:
                words.append([])
            if unit.strip():
                start, end = each.first * step, each.behind * step
                words[-1].append(HeardWord(unit, start, end, each.probability))
        heard = tuple(_joined(parts) for parts in words if parts)
        return cls(" ".join(each.word for each in heard), heard)

    def to_list(self) -> list[dict[str, Any]]:
        """The words as JSON values: ``word``, ``start``, ``end``, ``probability``."""
        return [asdict(each) for each in self.words]


def step_seconds(sound: Sound, steps: int) -> float:
    """How long a step of a network's output lasts, in seconds.

    Args:
        sound: How recordings become pictures.
        steps: How many steps a picture has.
    """
    return sound.frames / steps * sound.hop_samples / sound.rate


def _joined(parts: list[HeardWord]) -> HeardWord:
    """The word that some characters make."""
    return HeardWord(
        "".join(each.word for each in parts),
        parts[0].start,
        parts[-1].end,
        min(each.probability for each in parts),
    )
