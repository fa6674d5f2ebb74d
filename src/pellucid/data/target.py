"""What every kind of targets has: what is wanted of pictures, as data and as text."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from pellucid.errors import DataError
from pellucid.text import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pellucid.data.preprocessing import Preprocessing

NONE: NDArray[np.int64] = np.empty(0, np.int64)
"""The places of no picture: for targets that only say how others are read."""

JOINT = ";"
"""Between the labels of a picture, or its numbers, in a CSV file."""


class Targets(ABC):
    """What is wanted of N pictures. Subclasses are frozen dataclasses.

    Attributes:
        kind: A name of :data:`pellucid.data.targets.TARGETS`, which is that of the task, too.
        title: The task in words.
        located: Whether they are places in a picture, which move with its pixels.
        needs_two: Whether one class alone teaches nothing.
        names: What the K outputs of a network that learns this stand for: classes, or columns.
    """

    kind: ClassVar[str]
    title: ClassVar[str]
    located: ClassVar[bool] = False
    needs_two: ClassVar[bool] = False

    @property
    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """What the outputs stand for."""

    @property
    @abstractmethod
    def array(self) -> NDArray[Any]:
        """The targets of all pictures, N first."""

    @property
    @abstractmethod
    def labels(self) -> NDArray[Any]:
        """The targets as users write them."""

    @property
    def strata(self) -> NDArray[np.int64]:
        """What is drawn in proportion: the class of each, or 0 for all, (N,); or labels, (N, K)."""
        return np.zeros(len(self), np.int64)

    @property
    def used(self) -> NDArray[np.integer[Any]] | None:
        """The places among the names of those that some picture has, all of which a network needs.

        None where the task itself says of what nothing can be learned.
        """
        return None

    @abstractmethod
    def described(self) -> dict[str, Any]:
        """What the fingerprint of data has of the targets besides their array."""

    @property
    def digested(self) -> NDArray[Any]:
        """What the fingerprint of data has of the targets: the same for the same targets."""
        return self.array

    @classmethod
    @abstractmethod
    def like(cls, names: tuple[str, ...]) -> Self:
        """Targets of no picture; of numbers, one each whatever the names."""

    @abstractmethod
    def check(self, name: str, count: int) -> Self:
        """The same once it is found good, in its own types.

        Raises:
            DataError: If something is not as the class says; the message begins with the name.
        """

    @abstractmethod
    def subset(self, indices: NDArray[np.integer[Any]]) -> Self:
        """The targets of some pictures."""

    @abstractmethod
    def read(self, texts: Sequence[str]) -> Self:
        """Targets like these of other pictures, from their texts in a list or their folders."""

    @abstractmethod
    def text(self, i: int) -> str:
        """The target of a picture as a text."""

    @abstractmethod
    def adopt(self, other: Targets, name: str) -> Self:
        """Targets of other data as these are: with these classes, in their order.

        Args:
            other: What other data bring, as far as possible of another kind, too.
            name: What the data are called in messages.

        Raises:
            DataError: They bring what does not suit, or a class that is not among these.
        """

    def written(self, i: int) -> str:
        """The target of a picture as a list has it, so that :meth:`read` reads it."""
        return self.text(i)

    def cells(self, i: int) -> list[str]:
        """The target of a picture as cells of a table: of numbers, one each."""
        return [self.text(i)]

    def placed(self, sizes: Sequence[tuple[int, int]], preprocessing: Preprocessing) -> Targets:
        """Targets that are :attr:`located`, in the pixels that a network gets.

        Args:
            sizes: Width and height of each upright picture, whose pixels these targets count.
            preprocessing: What is done to the pictures.
        """
        return self

    def joined_with(self, others: Sequence[Targets]) -> Targets:
        """The targets of these pictures and of further ones of the same kind."""
        first = fields(self)[0].name  # type: ignore[arg-type]  # of a dataclass
        arrays = [self.array, *(each.array for each in others)]
        return replace(self, **{first: np.concatenate(arrays)})  # type: ignore[type-var]

    def classes_of(self, text: str) -> tuple[str, ...]:
        """The classes that a text in a list names; none of numbers."""
        return (text,)

    @property
    def summary(self) -> str:
        """How many classes, labels or numbers there are: ``2 classes``."""
        return counted(len(self.names), "class")

    def counts(self) -> dict[str, int]:
        """How many pictures have each class, in the order of the classes; none of numbers."""
        return {}

    def lines(self) -> tuple[str, ...]:
        """What these pictures bring, in a line: numbers, and where they lie."""
        return ()

    def __len__(self) -> int:
        return len(self.array)


def unsuited(other: Targets, wanted: Targets, name: str) -> DataError:
    """The error for data of one kind that a model of another kind is given."""
    return DataError(
        f"{name}: data for {other.title}, but the model is for {wanted.title}; give data of that "
        "kind, or another model"
    )
