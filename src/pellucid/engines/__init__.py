"""Who computes a graph, behind one protocol."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from pellucid.engines.engine import Backward, Engine, Learning, Precision, Program, StepResult
from pellucid.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "DEFAULT",
    "ENGINES",
    "Backward",
    "Engine",
    "Learning",
    "Precision",
    "Program",
    "StepResult",
    "get_engine",
]

ENGINES = {
    "native": "pellucid.engines.native:NativeEngine",
    "reference": "pellucid.engines.reference:ReferenceEngine",
    "torch": "pellucid.engines.torch:TorchEngine",
}
"""Where each engine lives; imported only when asked for, since some need large libraries."""

DEFAULT = "reference"
"""The engine that runs where none is named."""


def get_engine(name: str = DEFAULT, **options: str) -> Engine:
    """The engine of that name.

    Args:
        name: A key of :data:`ENGINES`, or ``"torch:cuda"``: the part after the colon is its device.
        options: Passed on to the engine, ``device="cuda"`` say.

    Raises:
        ArgumentError: If there is none.
        MissingDependencyError: If its library is not installed.
    """
    name, _, device = name.partition(":")
    if name not in ENGINES:
        raise ArgumentError(f"unknown engine {name!r}; there are {', '.join(ENGINES)}")
    if device:
        options["device"] = device
    module, _, attribute = ENGINES[name].partition(":")
    make: Callable[..., Engine] = getattr(import_module(module), attribute)
    try:
        return make(**options)
    except TypeError as error:
        raise ArgumentError(f"engine {name!r} takes no such option: {error}") from error
