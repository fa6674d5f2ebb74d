"""Forms of a network that are compared: models on engines, and ONNX files as they are."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pellucid.engines import DEFAULT
from pellucid.errors import ArgumentError
from pellucid.estimators import ImageGenerator, estimator_of, load_any
from pellucid.evaluation.verification import ComputedModel
from pellucid.interop.models import ONNX, RUNTIME
from pellucid.text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pellucid.estimators import AnyEstimator
    from pellucid.evaluation.verification import Form
    from pellucid.files import Model
    from pellucid.interop.onnx.computed import Outside

    Given = AnyEstimator | ImageGenerator | str | os.PathLike[str]


def forms(given: Sequence[Given], engines: Sequence[str | None]) -> list[Form]:
    """Networks in the forms that are asked for.

    An ONNX file whose pictures were normalised outside of it gets pixels as the model among the
    others that was imported with that normalisation.

    Args:
        given: Classifiers, regressors, model files, run folders, names, or ONNX files.
        engines: Who computes each: an engine, or ``"onnxruntime"``; None: that for ONNX files, else
            the default engine, and of a classifier or regressor its own.

    Raises:
        PellucidError: If one cannot be loaded.
    """
    made: list[Form | None] = [
        None if _by_runtime(network, engine) else ComputedModel(_estimator(network, engine))
        for network, engine in zip(given, engines, strict=True)
    ]
    outside = _outside([form.model for form in made if form is not None])
    found: list[Form] = []
    for network, form in zip(given, made, strict=True):
        if form is None:
            from pellucid.interop.onnx.computed import OnnxNetwork

            form = OnnxNetwork(_path(network), outside)
        found.append(form)
    return found


def named(first: Given, second: Given) -> tuple[str, str]:
    """What two networks are called: by their paths or names, or else by what they are."""
    one, two = (
        printable(each) if isinstance(each, str | os.PathLike) else type(each).__name__
        for each in (first, second)
    )
    return one, two


def _by_runtime(network: Given, engine: str | None) -> bool:
    if engine == RUNTIME:
        return True
    is_file = isinstance(network, str | os.PathLike) and Path(network).suffix.lower() == ONNX
    return engine is None and is_file


def _path(network: Any) -> str | os.PathLike[str]:
    if not isinstance(network, str | os.PathLike) or Path(network).suffix.lower() != ONNX:
        name = printable(network) if isinstance(network, str | os.PathLike) else "a model"
        raise ArgumentError(
            f"{name}: {RUNTIME} computes ONNX files (.onnx); export it first: pellucid export"
        )
    return network


def _estimator(network: Given, engine: str | None) -> AnyEstimator | ImageGenerator:
    if isinstance(network, str | os.PathLike):
        return load_any(network, engine=engine or DEFAULT)
    if engine is None:
        return network
    model = network.model_
    if isinstance(network, ImageGenerator):
        return ImageGenerator._of_model(model, "", engine)
    return estimator_of(model.task.kind)._of_model(model, "", engine)


def _outside(models: Sequence[Model]) -> Outside | None:
    """How pixels were normalised for an ONNX file, as a model tells that was imported from one."""
    from pellucid.interop.onnx.computed import Outside

    for model in models:
        origin = model.provenance.get("onnx")
        if isinstance(origin, dict):
            mean, std = (_numbers(origin.get(name)) for name in ("mean", "std"))
            return Outside(mean, std)
    return None


def _numbers(values: object) -> tuple[float, ...] | None:
    if isinstance(values, list) and all(isinstance(value, float | int) for value in values):
        return tuple(float(value) for value in values)
    return None
