"""Whatever a model may be given as, as a model: one rule for every command and function.

A text that is the name of a network with trained weights (``efficientnet-lite0``) means that
network, also where a file or a folder has the same name: ``./efficientnet-lite0`` means these. Any
other text, and every path object, is where a model lies: a model file, the folder of a run, or
an ONNX file (``.onnx``).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from pellucid.architectures import ARCHITECTURES
from pellucid.errors import ArgumentError, DataError
from pellucid.files import load_model
from pellucid.files.run_model import model_path
from pellucid.interop.pretrained import PRETRAINED, pretrained_model
from pellucid.known_names import find_name
from pellucid.text import brief_repr, printable

if TYPE_CHECKING:
    from pellucid.engines import Engine
    from pellucid.files import Model

ONNX = ".onnx"
"""How the name of a file ends that is read as ONNX."""

RUNTIME = "onnxruntime"
"""Who computes an ONNX file as it is, where engines are named."""

ModelPlace = str | os.PathLike[str]
"""Where a model is: the name of a network with trained weights, or a path."""

KINDS = "A model file, a run's folder, or a network with trained weights: efficientnet-lite0."
"""What a model may be given as, for the help of commands."""


def find_model(given: ModelPlace, *, engine: Engine | None = None) -> Model:
    """A model, by the rule above.

    Args:
        given: A name or a path.
        engine: Who will predict, for the model's self-test; by default the default engine.

    Raises:
        ArgumentError: It is neither a text nor a path.
        DataError: There is no such file, and no network of that name; or it is a folder without a
            model; or the file cannot be read.
        FileFormatError: It is not a sound model file, or an ONNX file of no such network; or the
            trained weights are not those known.
        MissingDependencyError: The package with the trained weights is not installed.
    """
    check_place("the model", given)
    name = network_name(given)
    if name is not None:
        return pretrained_model(name, engine=engine)
    path = Path(given)
    if isinstance(given, str) and not _is_path(given):
        _refuse_name(given)
    if path.suffix.lower() == ONNX:
        from pellucid.interop.onnx.importing import import_file

        return import_file(path).model
    return load_model(model_path(path), engine=engine)


def check_place(what: str, given: object) -> None:
    """Check that a model is given as one may be, before anything is read.

    Raises:
        ArgumentError: If it is neither a text nor a path.
    """
    if not isinstance(given, str | os.PathLike):
        raise ArgumentError(
            f"{what} is {brief_repr(given)}; expected the name of a network with trained weights, "
            "or the path of a model file, a run's folder or an ONNX file (a classifier's save() "
            "writes a model file)"
        )


def network_name(given: ModelPlace) -> str | None:
    """The network with trained weights that is meant; None where a path is.

    Case, hyphens and underscores do not count, unless there is a file or a folder that is called
    just so.
    """
    if not isinstance(given, str) or given in PRETRAINED:
        return given if isinstance(given, str) else None
    if _is_path(given):
        return None
    try:
        return find_name("network", given, PRETRAINED)
    except ArgumentError:
        return None


def place_of(given: ModelPlace) -> Path | None:
    """The file or folder that is read; None where a network is meant by its name."""
    return None if network_name(given) is not None else Path(given)


def name_remark(given: ModelPlace) -> str:
    """That a file or folder has the name of the network that is meant; empty where none has."""
    name = network_name(given)
    if name is None or not os.path.lexists(given):
        return ""
    return f"{name}: the network of that name; what lies here is meant by {os.path.join('.', name)}"  # noqa: PTH118


def onnx_notes(given: ModelPlace, model: Model) -> list[str]:
    """What users of an ONNX file should know, a line each; nothing of other models."""
    if network_name(given) is not None or Path(given).suffix.lower() != ONNX:
        return []
    origin = model.provenance.get("onnx")
    notes = origin.get("notes") if isinstance(origin, dict) else None
    return [note for note in notes if isinstance(note, str)] if isinstance(notes, list) else []


def _is_path(given: str) -> bool:
    """Whether a text can only be a path: it is there, has several parts, or an ending."""
    return (
        os.path.lexists(given)
        or os.path.dirname(given) != ""  # noqa: PTH120 - "./name" has one, and Path drops it
        or Path(given).suffix != ""
    )


def _refuse_name(given: str) -> None:
    """Say what may be meant by a word that is neither a file nor a network with weights."""
    try:
        find_name("model", given, PRETRAINED)
    except ArgumentError as error:
        try:
            kind = f"{find_name('', given, ARCHITECTURES)} is an architecture without weights; "
        except ArgumentError:
            kind = ""
        raise DataError(
            f"{printable(given)}: there is no such file; {kind}networks with trained weights are "
            f"{', '.join(PRETRAINED)}"
        ) from error
