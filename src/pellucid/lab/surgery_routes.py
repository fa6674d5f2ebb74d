"""Routes of surgery: what can be changed in a network, and keeping the changed one as a model."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, Any

from pellucid import checks
from pellucid.errors import ArgumentError, OutputError, PellucidError
from pellucid.explain.gallery import GALLERY
from pellucid.explain.surgery import REMOVABLE, SWAPPED
from pellucid.files import make_folder
from pellucid.files.run_model import MODEL
from pellucid.lab.asked import edits_of
from pellucid.lab.bodies import answer, read_object
from pellucid.lab.lab import Lab, lab_of
from pellucid.serving.refused import RefusedError
from pellucid.text import printable

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request
    from starlette.responses import Response

    from pellucid.graph import Network, Node

_NAME = re.compile(r"(?!\.)[\w .+-]{1,60}(?<![ .])")
"""Of a folder for a model: one that every system takes, and that leads nowhere else."""


async def choices(request: Request) -> Response:
    """What can be changed in a run's network."""
    lab = lab_of(request)
    found = await lab.read(lab.runs.find, request.path_params["id"])
    return answer(await lab.work(_choices, lab, found.path))


def _choices(lab: Lab, folder: Path) -> dict[str, Any]:
    network: Network = lab.opened.estimator(folder).model_.network
    return {
        "layers": [_of_layer(node, network) for node in network.graph.nodes],
        "gallery": [
            {"name": kernel.name, "matrix": kernel.weights.tolist()} for kernel in GALLERY.values()
        ],
    }


def _of_layer(node: Node, network: Network) -> dict[str, Any]:
    graph, operation = network.graph, node.operation
    weights = graph.parameters_of(node)
    of_reals = graph.types[node.name].dtype == "float32"
    shapes = {name: list(network.weights[name].shape) for name in weights.values()}
    kernel = shapes.get(weights.get("kernel", "")) if operation.family == "convolution" else None
    return {
        "name": node.name,
        "kind": operation.kind,
        "channels": graph.shapes[node.name][-1] if of_reals else 0,
        "kernel": kernel,
        "swap": type(operation) in SWAPPED,
        "remove": operation.family in REMOVABLE and node.name != graph.output,
        "weights": shapes,
    }


async def save(request: Request) -> Response:
    """Keep a run's network with changes as a model in a folder of its own."""
    lab = lab_of(request)
    asked = await read_object(request, ("run", "edits", "name"))
    edits, name = edits_of(asked.get("edits")), asked.get("name")
    if not edits:
        raise ArgumentError("there are no changes to keep")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ArgumentError(
            "a model's name has 1 to 60 letters, digits, spaces, or -, +, _ and ., and neither "
            f"begins with . nor ends with it, got {checks.brief(name)}"
        )
    found = await lab.read(lab.runs.find, str(asked.get("run")))
    folder = await lab.work(_save, lab, found.path, edits, name)
    return answer({"id": lab.runs.identifier(folder), "path": printable(folder.name)}, 201)


def _save(lab: Lab, run: Path, edits: Any, name: str) -> Path:
    folder = lab.runs.root / name
    changed = lab.opened.estimator(run, edits)
    make_folder(lab.runs.root)
    try:
        folder.mkdir()
    except FileExistsError as error:
        raise RefusedError(
            409, f"{printable(name)} is there already; choose another name"
        ) from error
    except OSError as error:
        raise OutputError(
            f"{printable(folder)}: the folder cannot be made: {error.strerror or error}"
        ) from error
    try:
        changed.save(folder / MODEL)
    except PellucidError:  # as a full disk: what is left would look like a run
        with contextlib.suppress(OSError):
            folder.rmdir()
        raise
    lab.runs.listed(fresh=True)
    return folder
