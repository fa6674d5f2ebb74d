"""What is said in recordings: what speech to text learns from.

Texts are compared and learned in lower case and without punctuation, as word error is reported
everywhere: ``Seven, eight!`` is ``seven eight``. Letters are in Unicode's composed form (NFC);
apostrophes and hyphens within a word stay (``don't``). What is left are letters, marks and digits.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pellucid.data.target import Targets, unsuited
from pellucid.data.target_checks import checked_names, unknown_class
from pellucid.errors import ArgumentError, DataError
from pellucid.known_names import find_name
from pellucid.short_repr import short_repr
from pellucid.text import counted, listed, printable, quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

WORDS, CHARACTERS = "words", "characters"
UNITS = (WORDS, CHARACTERS)
"""What a network writes, one after the other."""

MOST_WORDS = 200
"""Of more different words, characters are written by default: a new text has new words."""

OFTEN = 8
"""Words are written by default where each occurs as often as this on average."""

NO_UNIT = -1
"""What fills up a row of places."""

_WITHIN = {"'": "'", "’": "'", "-": "-", "‐": "-", "‑": "-"}
"""Signs that stay within a word, and how they are written."""

_LETTERS = ("L", "M", "N")


def normalised(text: str) -> str:
    """A text as it is learned: words in lower case with single blanks between them.

    Args:
        text: As it is written; may be of several lines.
    """
    composed = unicodedata.normalize("NFC", text).lower()
    kept = []
    for at, sign in enumerate(composed):
        if unicodedata.category(sign)[0] in _LETTERS:
            kept.append(sign)
        elif sign in _WITHIN and _is_letter(composed, at - 1) and _is_letter(composed, at + 1):
            kept.append(_WITHIN[sign])
        else:
            kept.append(" ")
    return unicodedata.normalize("NFC", " ".join("".join(kept).split()))


def _is_letter(text: str, at: int) -> bool:
    return 0 <= at < len(text) and unicodedata.category(text[at])[0] in _LETTERS


def units_of(text: str, units: str) -> list[str]:
    """The words of a normalised text, or its characters, blanks among them."""
    return text.split() if units == WORDS else list(text)


def joined_units(parts: Iterable[str], units: str) -> str:
    """The text that words or characters make; blanks at its ends, and repeated ones, are none."""
    return " ".join((" " if units == WORDS else "").join(parts).split())


def checked_units(units: str | None) -> str | None:
    """The name of units, ``words`` or ``characters``; None to choose by the texts.

    Raises:
        ArgumentError: If there are none of that name.
    """
    return None if units is None else find_name("units", units, UNITS)


def check_units(units: str | None, targets: Targets, name: str) -> None:
    """Check that units are asked for where there are texts alone.

    Args:
        units: What is asked for; None for nothing.
        targets: How the data's labels are read.
        name: What the data are called in messages.

    Raises:
        ArgumentError: If the data have no texts.
    """
    if units is not None and targets.kind != Transcripts.kind:
        raise ArgumentError(
            f"units is {units!r}, made for transcripts, and {name} is for {targets.title}; leave "
            f"it out, or ask for --task {Transcripts.kind}"
        )


def suitable_units(texts: Sequence[str]) -> str:
    """The units for some normalised texts: words where they are few, and each occurs often."""
    words = Counter(word for text in texts for word in text.split())
    few = len(words) <= MOST_WORDS and words.total() >= OFTEN * len(words)
    return WORDS if few else CHARACTERS


@short_repr
@dataclass(frozen=True, eq=False)
class Transcripts(Targets):
    """A text each, made of words or of characters.

    Attributes:
        texts: What is said in each recording, normalised, not empty, N.
        vocabulary: The K words or characters that texts are made of.
        units: ``"words"`` or ``"characters"``.
    """

    kind: ClassVar[str] = "transcripts"
    title: ClassVar[str] = "speech to text"
    texts: tuple[str, ...]
    vocabulary: tuple[str, ...]
    units: str = WORDS

    @classmethod
    def of(cls, texts: Sequence[str], units: str | None = None) -> Transcripts:
        """The targets of some texts, as they are written.

        Args:
            texts: One a recording; they are normalised.
            units: What they are made of; None to choose by the texts.
        """
        plain = tuple(map(normalised, texts))
        chosen = checked_units(units) or suitable_units(plain)
        found = {unit for text in set(plain) for unit in units_of(text, chosen)}
        return cls(plain, tuple(sorted(found)), chosen)

    @property
    def names(self) -> tuple[str, ...]:
        return self.vocabulary

    @cached_property
    def array(self) -> NDArray[Any]:
        """The place of each word or character, int64 (N, L), filled up with −1.

        Raises:
            DataError: If one is not in the vocabulary; :attr:`unknown` counts them.
        """
        place_of = {name: place for place, name in enumerate(self.vocabulary)}
        rows = []
        for text in self.texts:
            parts = units_of(text, self.units)
            new = next((part for part in parts if part not in place_of), None)
            if new is not None:
                name = f"the text {quoted(text, 60)}"
                raise unknown_class(name, new, self.vocabulary, self.units.removesuffix("s"))
            rows.append([place_of[part] for part in parts])
        places = np.full((len(rows), max(1, *map(len, rows), 1)), NO_UNIT, np.int64)
        for row, own in zip(places, rows, strict=True):
            row[: len(own)] = own
        return places

    @property
    def labels(self) -> NDArray[Any]:
        """The texts, (N,)."""
        return np.array(self.texts, dtype=object)

    @property
    def unknown(self) -> Counter[str]:
        """Words, or characters, that are not in the vocabulary, and how often they occur."""
        known = set(self.vocabulary)
        every = (part for text in self.texts for part in units_of(text, self.units))
        return Counter(part for part in every if part not in known)

    def described(self) -> dict[str, Any]:
        return {"transcripts": self.vocabulary, "units": self.units}

    @property
    def digested(self) -> NDArray[Any]:
        """All texts as bytes of UTF-8, a zero behind each."""
        return np.frombuffer(b"".join(text.encode() + b"\0" for text in self.texts), np.uint8)

    @classmethod
    def like(cls, names: tuple[str, ...]) -> Transcripts:
        return cls((), names)

    def check(self, name: str, count: int) -> Transcripts:
        vocabulary = checked_names(name, self.vocabulary)
        checked_units(self.units)
        if len(self.texts) != count:
            raise DataError(
                f"{name}: {counted(len(self.texts), 'text')} for {counted(count, 'recording')}; "
                "give one a recording"
            )
        for i, text in enumerate(self.texts):
            if not normalised(str(text)):
                raise DataError(
                    f"{name}: the text of recording {i} is {text!r:.60}; expected a word or more"
                )
        texts = tuple(normalised(str(text)) for text in self.texts)
        return replace(self, texts=texts, vocabulary=vocabulary)

    def subset(self, indices: NDArray[np.integer[Any]]) -> Transcripts:
        return replace(self, texts=tuple(self.texts[i] for i in indices.tolist()))

    def read(self, texts: Sequence[str]) -> Transcripts:
        return replace(self, texts=tuple(map(normalised, texts)))

    def text(self, i: int) -> str:
        return self.texts[i]

    def adopt(self, other: Targets, name: str) -> Transcripts:
        """The texts of other data; words that are not in this vocabulary stay, and are errors."""
        if not isinstance(other, Transcripts):
            raise unsuited(other, self, name)
        return replace(self, texts=other.texts)

    def joined_with(self, others: Sequence[Targets]) -> Transcripts:
        every = [self, *(each for each in others if isinstance(each, Transcripts))]
        return replace(self, texts=tuple(text for each in every for text in each.texts))

    def classes_of(self, text: str) -> tuple[str, ...]:
        return ()

    @property
    def summary(self) -> str:
        return f"{len(self.vocabulary)} different {self.units}"

    def lines(self) -> tuple[str, ...]:
        words = Counter(word for text in self.texts for word in text.split())
        lengths = [len(text.split()) for text in self.texts]
        most = listed([f"{printable(word)} {number}" for word, number in words.most_common()], 12)
        mean = words.total() / max(1, len(lengths))
        spoken = (
            f"{counted(words.total(), 'word')}, {len(words)} different; {mean:.3g} a recording, "
            f"{min(lengths, default=0)} to {max(lengths, default=0)}: {most}"
        )
        return (
            spoken,
            f"written in {self.units} (--units), of which there are {len(self.vocabulary)}",
        )

    def __len__(self) -> int:
        return len(self.texts)
