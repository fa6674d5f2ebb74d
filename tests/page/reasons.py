"""What explanations and surgery in a page must give: ``python -m tests.page.reasons FOLDER``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.engines import get_engine
from pellucid.explain.activations import Activations
from pellucid.explain.explanation import explain
from pellucid.explain.gallery import GALLERY
from pellucid.explain.surgery import SWAPPED, Mute, SetKernel, SwapPooling, edit_model
from pellucid.page import make_page
from pellucid.page.samples import Samples
from tests.page.expected import model, picture

if TYPE_CHECKING:
    from pellucid.explain.evidence import Evidence
    from pellucid.explain.heatmap import Heatmap
    from pellucid.explain.surgery import Edit
    from pellucid.files import Model
    from pellucid.ops.operation import Array

NETWORKS = {"lecture": ("conv2", "conv1"), "resnet20": ("norm3", "norm1")}
"""Each with a layer that makes maps, and what a page calls the first convolution."""

TARGET, AGAINST, MAP = 3, 1, 2

KERNEL = "sobel-x"


def reasons(name: str) -> dict[str, Any]:
    """What Python finds, as JSON values."""
    own, (layer, shown) = model(name), NETWORKS[name]
    pixels = picture(own)
    activations = Activations.of(own, pixels)
    evidence: Evidence = _explained(activations, "evidence", against=AGAINST)
    cam: Heatmap = _explained(activations, "grad-cam")
    covered: Heatmap = _explained(activations, "occlusion")
    nodes = own.network.graph.nodes
    first = next(node.name for node in nodes if node.operation.family == "convolution")
    pooling = next(node.name for node in nodes if type(node.operation) in SWAPPED)
    edits: dict[str, Edit] = {
        "mute": Mute(layer, MAP),
        "kernel": SetKernel(first, MAP, GALLERY[KERNEL].weights),
        "swap": SwapPooling(pooling),
    }
    return {
        "layer": layer,
        "first": shown,
        "pooling": pooling,
        "score": evidence.difference,
        "total": evidence.total,
        "pixels": evidence.by_pixel.reshape(-1).tolist(),
        "cam_layer": cam.layer,
        "cam": cam.values.reshape(-1).tolist(),
        "occlusion": covered.values.reshape(-1).tolist(),
        "edits": {kind: _outputs(own, edit, pixels) for kind, edit in edits.items()},
    }


def _explained(activations: Activations, method: str, against: int | None = None) -> Any:
    return explain(activations, method, target=TARGET, against=against)


def _outputs(own: Model, edit: Edit, pixels: Array) -> list[float]:
    edited = edit_model(own, [edit])
    return [float(x) for x in get_engine("native").load(edited.network).forward(pixels[None])[0]]


def write(folder: Path) -> None:
    """Write NAME.html and NAME.json of every network."""
    for name in NETWORKS:
        own = model(name)
        pixels = np.asarray(picture(own))
        make_page(own, Samples(pixels[None], ("drawn",), (1,))).save(folder / f"{name}.html")
        (folder / f"{name}.json").write_text(json.dumps(reasons(name)), "utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
