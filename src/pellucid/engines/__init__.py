"""Who computes a graph, behind one protocol."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from inspect import signature
from typing import TYPE_CHECKING

from pellucid.engines.engine import Backward, Engine, Gradients, Precision, Program, StepResult
from pellucid.engines.step import Learning, Step, with_loss
from pellucid.errors import ArgumentError
from pellucid.known_names import find_name

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "DEFAULT",
    "ENGINES",
    "Backward",
    "Engine",
    "Gradients",
    "Learning",
    "Precision",
    "Program",
    "Step",
    "StepResult",
    "get_engine",
    "parse_engine",
    "with_loss",
]

ENGINES = {
    "native": "pellucid.engines.native:NativeEngine",
    "reference": "pellucid.engines.reference:ReferenceEngine",
    "torch": "pellucid.engines.torch:TorchEngine",
}
"""Where each engine lives; imported only when asked for, since some need large libraries."""

DEFAULT = "native" if find_spec("llvmlite") else "reference"
"""The engine that runs where none is named: the compiler, wherever LLVM runs."""


def get_engine(name: str = DEFAULT, **options: str) -> Engine:
    """The engine of that name.

    Args:
        name: A key of :data:`ENGINES`; the part after a colon is its device, and what follows after
            commas are options: ``"torch:cuda"``, ``"torch:cpu,compile,precision=bfloat16"``.
        options: Passed on to the engine, e.g. ``device="cuda"``.

    Raises:
        ArgumentError: If there is none, or it has no such option.
        MissingDependencyError: If its library is not installed.
    """
    name, written = parse_engine(name)
    options = {**written, **options}
    module, _, attribute = ENGINES[name].partition(":")
    make: Callable[..., Engine] = getattr(import_module(module), attribute)
    known = signature(make).parameters
    if unknown := sorted(options.keys() - known.keys()):
        takes = f"it takes {', '.join(known)}" if known else "it takes none"
        raise ArgumentError(f"engine {name!r} has no option {unknown[0]!r}; {takes}")
    return make(**options)


def parse_engine(name: str) -> tuple[str, dict[str, str]]:
    """An engine's name, and its options as they are written behind it.

    Args:
        name: As :func:`get_engine` takes it.

    Raises:
        ArgumentError: If there is no such engine.
    """
    name, *switches = name.split(",")
    name, _, device = name.partition(":")
    options = {"device": device} if device else {}
    for switch in switches:
        option, _, value = switch.partition("=")
        options[option.strip().replace("-", "_")] = value.strip() or "on"
    return find_name("engine", name, ENGINES), options
