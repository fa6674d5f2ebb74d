"""What a run in training answers with, before it has kept a model: ``live/network.json``.

The network's layers, its task, how pictures are read, and what the command that began the run knows
(its data), all without weights: those come from ``live/weights.safetensors`` while somebody
watches. So a run can be looked at from its first step on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.data.preprocessing import Preprocessing
from pellucid.errors import FileFormatError, PellucidError
from pellucid.files import Model, strict_json
from pellucid.files.format_1 import MAIN
from pellucid.graph import Network, graph_from_dict, graph_to_dict
from pellucid.graph.network import parameters
from pellucid.settings import to_dict
from pellucid.short_repr import short_repr
from pellucid.tasks import task_from_dict
from pellucid.text import printable
from pellucid.training.live.formats import LIVE, NETWORK

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pellucid.files import JSON

PLACE = LIVE, NETWORK
FORMAT = 1
LARGEST = 1 << 24
"""Bytes of such a file that are read."""

# What hostile values, where the checks of others did not foresee them, can raise.
_PARSING_ERRORS = (ArithmeticError, AttributeError, LookupError, TypeError)

_KEYS = {"format", "graphs", "task", "preprocessing", "provenance", "notes"}


@short_repr
@dataclass(frozen=True, eq=False)
class DescribedRun:
    """A run's network without what it has learned.

    Attributes:
        model: All weights of its network are 0.
        notes: What the command that began the run keeps with it.
    """

    model: Model
    notes: dict[str, Any]


def network_bytes(model: Model, notes: Mapping[str, Any]) -> bytes:
    """What describes a run's network, as the file's content.

    Args:
        model: The network with task, preprocessing and provenance; its weights do not matter.
        notes: Plain JSON values.
    """
    graphs = {MAIN: model.network.graph, **model.network.graphs}
    document: dict[str, JSON] = {
        "format": FORMAT,
        "graphs": {name: graph_to_dict(each) for name, each in graphs.items()},
        "task": to_dict(model.task),
        "preprocessing": model.preprocessing.to_dict(),
        "provenance": model.provenance,
        "notes": dict(notes),
    }  # fmt: skip
    return strict_json.canonical(document)


def read_network(folder: Path) -> DescribedRun | None:
    """The network that :func:`network_bytes` described; none where there is no such file.

    Raises:
        FileFormatError: If it is damaged, or a newer version wrote it.
    """
    document, place = _document(folder), folder.joinpath(*PLACE)
    if document is None:
        return None
    try:
        return _described(document)
    except (
        PellucidError,
        ArithmeticError,
        AttributeError,
        LookupError,
        TypeError,
        ValueError,
    ) as e:
        raise _damaged(place, str(e)) from e


def network_notes(folder: Path) -> dict[str, Any]:
    """What the command that began a run keeps with its network; nothing where that is not known."""
    try:
        notes = (_document(folder) or {}).get("notes")
    except FileFormatError:
        return {}
    return notes if isinstance(notes, dict) else {}


def _document(folder: Path) -> dict[str, Any] | None:
    """The file's values; none where there is no such file."""
    place = folder.joinpath(*PLACE)
    try:
        if not place.is_file():
            return None
        if place.stat().st_size > LARGEST:
            raise _damaged(place, "it is too large")
        document = strict_json.parse(place.read_bytes())
    except (OSError, ValueError) as error:
        if isinstance(error, FileFormatError):
            raise
        raise _damaged(place, str(error)) from error
    if not isinstance(document, dict) or document.keys() != _KEYS:
        raise _damaged(place, "it describes no network")
    if document["format"] != FORMAT:
        raise FileFormatError(
            f"{printable(place)}: written by a newer Pellucid (format {document['format']!r:.80}, "
            f"this one reads {FORMAT}): upgrade Pellucid"
        )
    return document


def _described(document: dict[str, Any]) -> DescribedRun:
    graphs = {name: graph_from_dict(each) for name, each in document["graphs"].items()}
    graph = graphs.pop(MAIN)
    known = parameters((graph, *graphs.values()))
    weights = {name: np.zeros(each.shape, np.float32) for name, each in known.items()}
    model = Model(
        Network(graph, weights, graphs),
        task_from_dict(document["task"]),
        Preprocessing.from_dict(document["preprocessing"]),
        document["provenance"],
    )
    return DescribedRun(model, dict(document["notes"]))


def _damaged(place: Path, reason: str) -> FileFormatError:
    return FileFormatError(
        f"{printable(place)}: is damaged ({printable(reason)[:300]}); remove it, and "
        "the run's page opens with its model after the first epoch"
    )
