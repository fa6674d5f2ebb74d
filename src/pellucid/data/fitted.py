"""Pictures that are in memory, as another network takes them."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pellucid.memory import check_memory
from pellucid.text import array_shape, counted

if TYPE_CHECKING:
    from pellucid.data.dataset import Dataset
    from pellucid.data.preprocessing import Preprocessing


def fitted(data: Dataset, preprocessing: Preprocessing) -> Dataset:
    """Pictures converted and resized as a preprocessing says; as they are if they have its shape.

    Args:
        data: The pictures, grey or in colour, of any size.
        preprocessing: How.

    Raises:
        DataError: If memory is short.
    """
    if data.image_shape == preprocessing.shape:
        return data
    shape = (len(data), *preprocessing.shape)
    what = f"{data.name}: {counted(len(data), 'picture')} of {array_shape(preprocessing.shape)}"
    check_memory(math.prod(shape), what, "use fewer pictures, or a smaller image size")
    plain = replace(preprocessing, value_range=None, invert=False)
    images = np.empty(shape, np.uint8)
    for place, image in enumerate(data.images):
        images[place] = plain.read(image)
    height, width, _ = data.image_shape
    targets = data.targets.placed([(width, height)] * len(data), plain)
    return replace(data, images=images, targets=targets)
