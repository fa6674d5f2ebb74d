"""Pictures as they are given to predict, as the batches that a network takes, and its outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.data.dataset import check_bytes
from pellucid.data.preprocessing import check_max_pixels
from pellucid.engines.batches import forward, images_at_once, parts
from pellucid.errors import DataError, ShapeError
from pellucid.files.referenced import ReferencedPictures
from pellucid.text import array_shape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pellucid.data.preprocessing import Picture
    from pellucid.engines import Program
    from pellucid.files import Model

    Pictures = Picture | Sequence[Picture] | NDArray[Any]
    """One picture, or several."""


def outputs(
    model: Model, program: Program, pictures: Pictures, max_pixels: int
) -> tuple[NDArray[Any], bool]:
    """A network's outputs (N, K), and whether a single picture was meant; read in batches.

    Args:
        model: The model.
        program: Its program.
        pictures: As ``predict`` takes them.
        max_pixels: Files with more pixels are refused.

    Raises:
        DataError: If a picture cannot be used, or there is none.
        ShapeError: If an array has another shape than the network takes.
    """
    if not isinstance(pictures, list | tuple) or not pictures:
        images, single = as_images(model, pictures, max_pixels)
        return forward(program, images), single
    size = images_at_once(program.forward_bytes)
    batches = [
        program.forward(as_images(model, pictures[part], max_pixels)[0])
        for part in parts(len(pictures), size)
    ]
    return np.concatenate(batches), False


def as_images(model: Model, pictures: Pictures, max_pixels: int) -> tuple[NDArray[Any], bool]:
    """A batch of images (N, H, W, C), uint8, and whether a single picture was meant.

    Args:
        model: The model.
        pictures: As ``predict`` takes them.
        max_pixels: Files with more pixels are refused.

    Raises:
        DataError: If a picture cannot be used, or there is none.
        ShapeError: If an array has another shape than the network takes.
    """
    preprocessing = model.preprocessing
    if isinstance(pictures, np.ndarray):
        looks_single = pictures.ndim == 2 or (pictures.ndim == 3 and pictures.shape[-1] in (1, 3))
        looks_single |= pictures.ndim == 1 and preprocessing.sound is not None  # samples
        if looks_single:
            return preprocessing.read(pictures)[None], True
        batch = preprocessing.eight_bit(pictures)
        batch = batch[..., None] if batch.ndim == 3 else batch
        check_bytes("pixels", batch)
        if batch.ndim != 4 or batch.shape[1:] != preprocessing.shape or not len(batch):
            raise ShapeError(
                f"the network takes pictures {array_shape(preprocessing.shape)}, got an array "
                f"of shape {pictures.shape}; pictures of another size can be given one by one, "
                "in a list"
            )
        return 255 - batch if preprocessing.invert else batch, False
    limit = max_pixels
    check_max_pixels(limit)
    resolved = ReferencedPictures(model, max_pixels=limit).resolved
    if isinstance(pictures, list | tuple):
        if not pictures:
            raise DataError("there must be at least one picture, got an empty list")
        return np.stack(
            [preprocessing.read(resolved(each), max_pixels=limit) for each in pictures]
        ), False
    found = resolved(pictures)  # type: ignore[arg-type]
    return preprocessing.read(found, max_pixels=limit)[None], True
