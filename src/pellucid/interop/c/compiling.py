"""A model as an object file and a header of C: its network, weights and a self-test inside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.engines import get_engine
from pellucid.engines.native.runtime.embedded.platforms import PLATFORMS
from pellucid.engines.native.runtime.embedded.program import Answer, embed
from pellucid.errors import ArgumentError
from pellucid.files import self_test
from pellucid.files.atomic import write_file
from pellucid.files.folders import make_folder
from pellucid.interop.c.header import header_text
from pellucid.interop.c.words import check_name
from pellucid.known_names import find_name
from pellucid.short_repr import short_repr
from pellucid.tasks import MultiLabel, Regression, check_row

if TYPE_CHECKING:
    import os
    from pathlib import Path

    from pellucid.engines.native.runtime.embedded.program import Embedded, PixelType
    from pellucid.files import Model
    from pellucid.tasks import Task

TARGETS = tuple(PLATFORMS)
"""Names of what can be compiled for."""


@short_repr
@dataclass(frozen=True, eq=False)
class CompiledModel:
    """A model in machine code.

    Attributes:
        name: What its functions begin with.
        target: What it is compiled for.
        header: The text of the header.
        made: The object file.
    """

    name: str
    target: str
    header: str
    made: Embedded

    def save(self, folder: str | os.PathLike[str]) -> tuple[Path, Path]:
        """Write the object file and the header; earlier files are replaced.

        Raises:
            OutputError: If they cannot be written.
        """
        place = make_folder(folder)
        files = place / f"{self.name}.o", place / f"{self.name}.h"
        write_file(files[0], self.made.data)
        write_file(files[1], self.header.encode())
        return files

    def to_dict(self) -> dict[str, Any]:
        """Sizes and symbols, as JSON values."""
        described = self.made.described
        return {
            "name": self.name,
            "target": self.target,
            "code_bytes": described.code,
            "constant_bytes": described.constant,
            "weight_bytes": self.made.weights,
            "work_bytes": described.work,
            "defined": sorted(described.defined),
            "undefined": sorted(described.undefined),
        }


def compile_model(
    model: Model, target: str, name: str = "network", *, dtype: PixelType = "uint8"
) -> CompiledModel:
    """Compile a model for classes, labels or numbers.

    Args:
        model: The model.
        target: One of :data:`TARGETS`.
        name: What its functions begin with, an identifier of C of up to 40 letters.
        dtype: How pixels 0 .. 255 are given, ``"uint8"`` or ``"float32"``.

    Raises:
        ArgumentError: A name is unknown or no identifier; the model's answer needs more than its
            network; a layer has no compiled code; or the network is too large.
    """
    platform = PLATFORMS[find_name("target", target, TARGETS)]
    check_name(name)
    answer = _answer(model)
    network = model.network.part(model.network.graph)  # of what it was trained with, nothing
    images = self_test.sample_images(network.graph.input_shape)
    logits = self_test.compute_logits(network, images, get_engine("native"))
    expected = logits
    if answer.affine:
        factors, summands = np.array(answer.affine, np.float32).T
        expected = logits * factors + summands
    made = embed(network, platform, name, (images, expected), dtype=dtype, answer=answer)
    tolerance = self_test.tolerance(expected, network.graph)
    header = header_text(
        model, name, platform, made, tolerance, meaning=answer.meaning, dtype=dtype
    )
    return CompiledModel(name, platform.name, header, made)


def _answer(model: Model) -> Answer:
    """What the function of a model gives."""
    task: Task = model.task
    check_row(task, "an object file")
    if model.preprocessing.sound is not None:
        raise ArgumentError(
            "an object file: the model hears recordings, whose spectrograms are made before the "
            "network; this is made for networks that take pictures"
        )
    if self_test.tested(model.network.graph) is not model.network.graph:
        raise ArgumentError(
            "an object file: the network chooses among values by sorting them, which is not "
            "compiled; pellucid export writes an ONNX file of it"
        )
    if isinstance(task, Regression):
        with np.errstate(over="ignore"):
            affine = np.array([task.scale, task.mean], np.float32).T
        if not np.isfinite(affine).all():
            raise ArgumentError(
                f"an object file: a scale or mean of the numbers, {task.scale} and {task.mean}, is "
                "beyond float32; train with numbers in a larger unit"
            )
        return Answer("numbers", tuple((float(a), float(b)) for a, b in affine))
    return Answer("labels" if isinstance(task, MultiLabel) else "scores")
