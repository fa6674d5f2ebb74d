"""Captions of pictures: what image captioning learns from."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pellucid.data.target import Targets, unsuited
from pellucid.errors import DataError
from pellucid.short_repr import short_repr
from pellucid.text import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

_PUNCTUATION = re.compile(r"[^\w\s]|_")
_APOSTROPHES = re.compile(r"(?<=\w)['’](?=\w)")


def words_of(text: str) -> list[str]:
    """The words of a caption: lower case, without punctuation; ``the man's`` is ``the mans``."""
    plain = _APOSTROPHES.sub("", text.lower())
    return _PUNCTUATION.sub(" ", plain).split()


@short_repr
@dataclass(frozen=True, eq=False)
class Captions(Targets):
    """Any number of captions a picture; M is the most that a picture has.

    Attributes:
        texts: The captions as they are written, texts (N, M); empty where there is none, which
            follow the others.
    """

    kind: ClassVar[str] = "captions"
    title: ClassVar[str] = "image captioning"
    texts: NDArray[np.object_]

    @classmethod
    def of(cls, captions: Iterable[str | Sequence[str]], name: str = "captions") -> Captions:
        """Captions from one text, or several, for each picture.

        Args:
            captions: Of each picture.
            name: What they are called in messages.

        Raises:
            DataError: If they are no texts.
        """
        rows: list[list[Any]] = [
            list(each) if isinstance(each, list | tuple | np.ndarray) else [each]
            for each in captions
        ]
        for i, row in enumerate(rows):
            for text in row:
                if not isinstance(text, str):
                    raise DataError(
                        f"{name}: a caption of picture {i} is {text!r:.60}; expected a text, or a "
                        "list of texts, for each picture"
                    )
        return cls(_table(rows))

    @property
    def names(self) -> tuple[str, ...]:
        return ()

    @property
    def array(self) -> NDArray[Any]:
        return self.texts

    @property
    def labels(self) -> NDArray[Any]:
        return self.texts

    @property
    def digested(self) -> NDArray[Any]:
        """The bytes of all texts as JSON, uint8: the same for the same captions."""
        rows = [self.of_picture(i) for i in range(len(self))]
        return np.frombuffer(json.dumps(rows, ensure_ascii=True).encode("ascii"), np.uint8)

    def described(self) -> dict[str, Any]:
        return {"captions": len(self)}

    @classmethod
    def like(cls, names: tuple[str, ...]) -> Captions:  # noqa: ARG003 - captions have no classes
        return cls(_table([]))

    def check(self, name: str, count: int) -> Captions:
        texts = np.asarray(self.texts, object)
        if texts.ndim != 2 or not all(isinstance(each, str) for each in texts.ravel()):
            raise DataError(
                f"{name}: captions of shape {texts.shape}; expected texts of shape (N, M), a row a "
                "picture; Captions.of([…]) makes them from lists"
            )
        if len(texts) != count:
            raise DataError(
                f"{name}: captions of {counted(len(texts), 'picture')} for "
                f"{counted(count, 'picture')}; give one row a picture"
            )
        return replace(self, texts=texts)

    def of_picture(self, i: int) -> tuple[str, ...]:
        """The captions of a picture as they are written."""
        return tuple(text for text in self.texts[i].tolist() if text)

    def words(self, i: int) -> list[list[str]]:
        """The captions of a picture as :func:`words_of` takes them apart."""
        return [words_of(text) for text in self.of_picture(i)]

    def subset(self, indices: NDArray[np.integer[Any]]) -> Captions:
        return replace(self, texts=self.texts[indices])

    def read(self, texts: Sequence[str]) -> Captions:
        return replace(self, texts=_table([captions_of(text) for text in texts]))

    def text(self, i: int) -> str:
        captions = self.of_picture(i)
        more = f" (and {len(captions) - 1} more)" if len(captions) > 1 else ""
        return f"{captions[0]}{more}" if captions else "–"

    def written(self, i: int) -> str:
        return text_of(self.of_picture(i))

    def cells(self, i: int) -> list[str]:
        return [" | ".join(self.of_picture(i))]

    def classes_of(self, text: str) -> tuple[str, ...]:
        return ()

    def adopt(self, other: Targets, name: str) -> Captions:
        if not isinstance(other, Captions):
            raise unsuited(other, self, name)
        return other

    def joined_with(self, others: Sequence[Targets]) -> Captions:
        every = [self, *(each for each in others if isinstance(each, Captions))]
        return replace(
            self, texts=_table([each.of_picture(i) for each in every for i in range(len(each))])
        )

    @property
    def numbers(self) -> NDArray[np.int64]:
        """How many captions each picture has, (N,)."""
        return np.array([len(self.of_picture(i)) for i in range(len(self))], np.int64)

    @property
    def summary(self) -> str:
        return f"{self.numbers.sum() / max(1, len(self)):.2g} captions a picture on average"

    def lines(self) -> tuple[str, ...]:
        numbers = self.numbers
        lengths = [len(words) for i in range(len(self)) for words in self.words(i)]
        if not lengths:
            return ("no captions",)
        words = {word for i in range(len(self)) for each in self.words(i) for word in each}
        none = int((numbers == 0).sum())
        return (
            f"{counted(len(lengths), 'caption')}, {numbers.mean():.3g} a picture, of "
            f"{np.mean(lengths):.3g} words on average and at most {max(lengths)}; "
            f"{counted(len(words), 'different word')}"
            + (f"; {counted(none, 'picture')} without captions" if none else ""),
        )


def text_of(captions: Sequence[str]) -> str:
    """The captions of a picture as a text that :func:`captions_of` reads: JSON."""
    return json.dumps(list(captions), ensure_ascii=False)


def captions_of(text: str) -> list[str]:
    """The captions of a picture from the text that :func:`text_of` wrote."""
    return [str(each) for each in json.loads(text)] if text else []


def _table(rows: Sequence[Sequence[str]]) -> NDArray[np.object_]:
    """Rows of texts as an array, filled with empty ones."""
    table = np.full((len(rows), max(1, max(map(len, rows), default=0))), "", object)
    for i, row in enumerate(rows):
        table[i, : len(row)] = row
    return table
