"""How weights start: from the counter's random numbers, so that compiled code can make the same.

Draws are float64, cast afterwards: one start for every precision.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.checks import brief, is_number
from pellucid.counter_random import START, normal, random_words, stream_of, uniform
from pellucid.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import DTypeLike, NDArray

    from pellucid.ops.operation import Parameter


def he(parameter: Parameter, words: NDArray[np.uint32]) -> NDArray[Any]:
    """Normal, std = √(2 / fan_in): keeps the variance through ReLUs (He et al. 2015, eq. 10)."""
    return normal(words) * math.sqrt(2.0 / parameter.fan_in)


def glorot(parameter: Parameter, words: NDArray[np.uint32]) -> NDArray[Any]:
    """Uniform within ±√(6 / (fan_in + fan_out)) (Glorot and Bengio 2010, eq. 16)."""
    limit = math.sqrt(6.0 / (parameter.fan_in + parameter.fan_out))
    return limit * (2.0 * uniform(words) - 1.0)


def lecun(parameter: Parameter, words: NDArray[np.uint32]) -> NDArray[Any]:
    """Normal, std = √(1 / fan_in) (LeCun et al. 1998, Efficient BackProp, eq. 16)."""
    return normal(words) * math.sqrt(1.0 / parameter.fan_in)


def zeros(parameter: Parameter, words: NDArray[np.uint32]) -> NDArray[Any]:  # noqa: ARG001
    """All zero."""
    return np.zeros(parameter.shape)


INITIALIZERS: dict[str, Callable[[Parameter, NDArray[np.uint32]], NDArray[Any]]] = {
    "he": he,
    "glorot": glorot,
    "lecun": lecun,
    "zeros": zeros,
}
"""By name; a number instead of a name fills the array with that constant."""


def initialise(
    parameter: Parameter, name: str, seed: int, dtype: DTypeLike = np.float32
) -> NDArray[Any]:
    """Make a parameter's first value, shaped ``parameter.shape``.

    Args:
        parameter: Its shape and initialiser.
        name: Its full name, ``conv1.kernel``, which has random numbers of its own.
        seed: 0 .. 2³² − 1.
        dtype: Of the array.
    """
    if isinstance(parameter.initializer, str):
        words = random_words(parameter.shape, seed, 0, stream_of(name), START)
        return INITIALIZERS[parameter.initializer](parameter, words).astype(dtype)
    return np.full(parameter.shape, parameter.initializer, dtype)


def check_initializer(name: str, value: object) -> None:
    """Check an initialiser: a known name, or the number to fill with."""
    if isinstance(value, str) and value in INITIALIZERS:
        return
    if is_number(value) and abs(value) <= 1e6:
        return
    known = ", ".join(INITIALIZERS)
    raise ArgumentError(
        f"{name} must be one of {known} or a number from -1e6 to 1e6, got {brief(value)}"
    )
