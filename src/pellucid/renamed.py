"""Public names of earlier versions, which go on working and warn."""

from __future__ import annotations

import warnings
from importlib import import_module

RENAMED: dict[tuple[str, str], str] = {
    ("pellucid.architectures", "USUAL"): "DEFAULTS",
    ("pellucid.architectures", "Usual"): "Defaults",
    ("pellucid.architectures", "usual"): "default_settings",
}
"""(module, earlier name): name of today in the same module."""


def renamed(module: str, name: str) -> object:
    """The object that an earlier name of a module stands for; for its ``__getattr__``.

    Raises:
        AttributeError: If there never was such a name.
    """
    today = RENAMED.get((module, name))
    if today is None:
        raise AttributeError(f"module {module!r} has no attribute {name!r}")
    warnings.warn(
        f"{module}.{name} is now called {module}.{today}", DeprecationWarning, stacklevel=3
    )
    return getattr(import_module(module), today)
