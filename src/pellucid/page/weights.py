"""The weights of a page: what it has of a model's, when it is made and while training goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.errors import DataError
from pellucid.page.blobs import little_endian
from pellucid.page.captions import captioner_weights
from pellucid.tasks import Captioning
from pellucid.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from pellucid.files import Model
    from pellucid.ops.operation import Array

    Names = Iterable[tuple[str, Sequence[int]] | list[object]]


def page_weights(model: Model) -> dict[str, NDArray[np.float32]]:
    """The weights that a page has of a model, by name and in the page's order.

    Args:
        model: As :func:`pellucid.page.make_page` takes it.
    """
    captioner = isinstance(model.task, Captioning)
    found = captioner_weights(model) if captioner else model.network.weights
    return {name: np.asarray(array, np.float32) for name, array in found.items()}


def weights_bytes(names: Names, weights: Mapping[str, Array]) -> bytes:
    """Weights as a page takes them while it is open: float32, little-endian, one after the other.

    Args:
        names: ``data["weights"]["names"]`` of the page: names with shapes, in its order.
        weights: By name, among them these.

    Raises:
        DataError: If one is missing or of another shape, so that they are another network's.
    """
    rows = []
    for name, shape in names:
        assert isinstance(name, str) and isinstance(shape, list | tuple)  # noqa: PT018
        array = weights.get(name)
        if array is None or array.shape != tuple(shape):
            found = "missing" if array is None else _shape(array.shape)
            raise DataError(
                f"the weights are of another network than the page: {printable(name)} is {found}, "
                f"expected {_shape(shape)}; open the page again"
            )
        rows.append(little_endian(np.asarray(array, np.float32)))
    return b"".join(rows)


def _shape(shape: Sequence[int]) -> str:
    return "×".join(map(str, shape)) or "one number"
