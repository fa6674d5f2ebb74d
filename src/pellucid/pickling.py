"""Classifiers in pickles: settings, and the model as the bytes of a model file.

Loading one runs every check of the model file, and its self-test. The program is loaded by the
engine of the settings.
"""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

from pellucid.errors import FileFormatError
from pellucid.files import Model, model_bytes, model_from_bytes

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

NAME = "the pickled classifier"
"""What a pickle's model is called in messages."""

_KEYS = {"settings", "model"}


def state_of(
    settings: Mapping[str, Any], model: Model | None, layers: Any = None
) -> dict[str, Any]:
    """Return what is pickled of a classifier.

    Args:
        settings: Its settings by name.
        model: What it has learned; None before fitting.
        layers: The layers of that model's architecture. They take the place of a function that
            cannot be pickled (a lambda), so that what was learned is not lost with it.
    """
    kept = dict(settings)
    if layers is not None and not _can_be_pickled(kept["architecture"]):
        kept["architecture"] = layers
    return {"settings": kept, "model": None if model is None else model_bytes(model)}


def restored(state: Any, known: Collection[str]) -> tuple[dict[str, Any], Model | None]:
    """Return the settings and the model of what was pickled.

    Args:
        state: What :func:`state_of` returned.
        known: The names of the settings that there are.

    Raises:
        FileFormatError: It is not what a classifier pickles, or its model is damaged.
    """
    if not isinstance(state, dict) or state.keys() != _KEYS:
        raise FileFormatError(f"{NAME} has not the parts of one; fit and pickle it again")
    settings, content = state["settings"], state["model"]
    if not isinstance(settings, dict) or not settings.keys() <= set(known):
        raise FileFormatError(
            f"{NAME} has settings that this version does not know; upgrade Pellucid, or keep "
            f"models by save(...)"
        )
    if content is None:
        return settings, None
    if not isinstance(content, bytes):
        raise FileFormatError(f"{NAME} holds no model file; fit and pickle it again")
    return settings, model_from_bytes(content, NAME)


def _can_be_pickled(value: Any) -> bool:
    try:
        pickle.dumps(value)
    except Exception:  # noqa: BLE001  # pickling runs the methods of any object
        return False
    return True
