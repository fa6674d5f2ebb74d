"""Pictures of which nothing is wanted: what a generator learns from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pellucid.data.target import Targets
from pellucid.errors import DataError
from pellucid.short_repr import short_repr
from pellucid.text import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@short_repr
@dataclass(frozen=True, eq=False)
class Unlabelled(Targets):
    """No label of any picture, whatever the data bring.

    Attributes:
        nothing: An array without columns, a row a picture, uint8 (N, 0).
    """

    kind: ClassVar[str] = "generation"
    title: ClassVar[str] = "generating pictures"
    nothing: NDArray[np.uint8]

    @classmethod
    def of(cls, count: int) -> Unlabelled:
        """Those of some pictures.

        Args:
            count: How many.
        """
        return cls(np.zeros((count, 0), np.uint8))

    @property
    def names(self) -> tuple[str, ...]:
        return ()

    @property
    def array(self) -> NDArray[Any]:
        return self.nothing

    @property
    def labels(self) -> NDArray[Any]:
        return self.nothing

    def described(self) -> dict[str, Any]:
        return {"labels": "none"}

    @classmethod
    def like(cls, names: tuple[str, ...]) -> Unlabelled:  # noqa: ARG003 - there are none
        return cls.of(0)

    def check(self, name: str, count: int) -> Unlabelled:
        rows = np.asarray(self.nothing)
        if rows.shape != (count, 0):
            raise DataError(
                f"{name}: no labels of shape {rows.shape} for {counted(count, 'picture')}; "
                f"expected ({count}, 0)"
            )
        return Unlabelled.of(count)

    def subset(self, indices: NDArray[np.integer[Any]]) -> Unlabelled:
        return Unlabelled.of(len(indices))

    def read(self, texts: Sequence[str]) -> Unlabelled:
        return Unlabelled.of(len(texts))

    def text(self, i: int) -> str:
        return ""

    def cells(self, i: int) -> list[str]:
        return []

    def classes_of(self, text: str) -> tuple[str, ...]:
        return ()

    @property
    def summary(self) -> str:
        return "no labels"

    def adopt(self, other: Targets, name: str) -> Unlabelled:
        return Unlabelled.of(len(other))
