"""ONNX files as models: those of other programs, and those that Pellucid wrote."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pellucid import checks
from pellucid.data.class_names import given_classes
from pellucid.data.preprocessing import Preprocessing
from pellucid.errors import ArgumentError, DataError, FileFormatError, PellucidError
from pellucid.files import Model
from pellucid.files.limits import check_limits
from pellucid.files.provenance import renamed
from pellucid.interop.onnx import captioning
from pellucid.interop.onnx.inputs import Asked
from pellucid.interop.onnx.own_files import is_captioner, metadata_of, own_model
from pellucid.interop.onnx.reading import read_onnx
from pellucid.interop.onnx.translating import Translated, translated
from pellucid.tasks import MultiLabel, Regression, SingleLabel, Task
from pellucid.text import counted, listed, printable, truncated

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from onnx import ModelProto

    from pellucid.data.class_names import ClassNames
    from pellucid.data.labels import LabelKind
    from pellucid.data.preprocessing import Resize

# What hostile values, where the checks of others did not foresee them, can raise.
_PARSING_ERRORS = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError)


@dataclass(frozen=True, eq=False)
class Imported:
    """A model from an ONNX file.

    Attributes:
        model: The model.
        notes: What its user should know, a line each.
        translated: How its tensors became layers; None of a file that came back whole.
    """

    model: Model
    notes: tuple[str, ...]
    translated: Translated | None = None


def pixel_scale(
    mean: Sequence[float] | None, std: Sequence[float] | None, white: float
) -> tuple[tuple[float, ...] | None, tuple[float, ...] | None]:
    """What pixels are normalised by, in grey levels 0 .. 255.

    Args:
        mean: What a network's pictures had subtracted, one number or one a channel; None: nothing.
        std: What they were then divided by; None: nothing.
        white: The value of a white pixel before that: 255, or 1 where grey levels were divided by
            255.

    Raises:
        ArgumentError: If one is no such number.
    """
    checks.number("white", white, 1e-3, 1e6)
    scale = 255.0 / white
    given = []
    for name, values in (("mean", mean), ("std", std)):
        found = None if values is None else tuple(float(value) for value in values)
        if found is not None:
            checks.numbers(name, found, 1e-6 if name == "std" else -1e6, 1e6)
            found = tuple(value * scale for value in found)
        given.append(found)
    if white != 255 and given[1] is None:
        given[1] = (scale,)
    return given[0], given[1]


@dataclass(frozen=True)
class Meaning:
    """What a user says of a network's pictures and answers, where a file says nothing.

    Attributes:
        classes: Names of its outputs, as :func:`pellucid.data.class_names.given_classes` takes
            them; None: their numbers.
        task: ``"single-label"``, ``"multi-label"`` or ``"regression"``; None: by how it ends.
        resize: How pictures of another shape are fitted, see
            :class:`pellucid.data.preprocessing.Preprocessing`.
    """

    classes: ClassNames | None = None
    task: str | None = None
    resize: Resize = "crop"


def import_file(
    path: str | os.PathLike[str], asked: Asked | None = None, meaning: Meaning | None = None
) -> Imported:
    """The model in an ONNX file.

    Args:
        path: Where it is.
        asked: What the user says of its graph.
        meaning: What the user says of its pictures and answers.

    Raises:
        MissingDependencyError: If the package onnx is not installed.
        DataError: If there is no such file, or it cannot be read.
        FileFormatError: If it is no ONNX file, or of no network of layers that there are; the
            message names the node and the reason.
    """
    found = Path(path)
    return import_proto(read_onnx(path), asked, meaning, printable(path), found.parent, found)


def import_proto(
    proto: ModelProto,
    asked: Asked | None = None,
    meaning: Meaning | None = None,
    name: str = "the network",
    folder: Path | None = None,
    path: Path | None = None,
) -> Imported:
    """The model in an ONNX file's content.

    Args:
        proto: The content.
        asked: As :func:`import_file` takes it.
        meaning: As :func:`import_file` takes it.
        name: What it is called in messages.
        folder: Where data outside the file may lie; None: nowhere.
        path: Where the file lies, whose other half lies beside it; None: nowhere.

    Raises:
        FileFormatError: As :func:`import_file`.
        DataError: If there is not enough memory.
    """
    asked, meaning = asked or Asked(), meaning or Meaning()
    try:
        changed = ""
        if captioning.KEY in metadata_of(proto):
            raise FileFormatError(
                "it is the half of a captioner that writes; give the half that sees, which lies "
                "beside it without -words in its name"
            )
        if asked == Asked(most_parameters=asked.most_parameters) and meaning.task is None:
            try:
                own = own_model(proto, path)
            except (PellucidError, ValueError, *_PARSING_ERRORS) as error:
                if is_captioner(proto):  # no other program has such
                    if isinstance(error, DataError):
                        raise
                    raise FileFormatError(
                        f"a captioner that was changed since it was exported: {error}"
                    ) from error
                own = None
                changed = (
                    "Pellucid exported it, and it was changed since: read as any other program's "
                    f"({truncated(str(error), 200)})"
                )
            if own is not None:
                mine, remark = own
                return Imported(_with_names(mine, meaning), (remark,) if remark else ())
        found = translated(proto, asked, folder)
        return _imported(proto, found, asked, meaning, name, changed)
    except MemoryError as error:
        raise DataError(f"{name}: not enough memory to read it") from error
    except (PellucidError, ValueError, *_PARSING_ERRORS) as error:
        kind = type(error) if isinstance(error, PellucidError) else FileFormatError
        raise kind(f"{name}: {printable(str(error))[:500]}") from error


def _with_names(model: Model, meaning: Meaning) -> Model:
    return model if meaning.classes is None else renamed(model, meaning.classes)


def _imported(
    proto: ModelProto,
    found: Translated,
    asked: Asked,
    meaning: Meaning,
    name: str,
    changed: str,
) -> Imported:
    graph = found.network.graph
    check_limits(graph)
    height, width, channels = graph.input_shape
    if channels not in (1, 3):
        raise FileFormatError(
            f"takes pictures of {counted(channels, 'channel')}; expected 1 (grey) or 3 (colour)"
        )
    notes = [changed] if changed else []
    if found.others:
        notes.append(f"its output {found.output!r} is taken; it also has {listed(found.others)}")
    task = _task(found, meaning)
    ends = {"softmax": SingleLabel.kind, "sigmoid": MultiLabel.kind}
    network = found.network
    if found.end and ends[found.end] != task.kind:
        raise ArgumentError(
            f"it ends in {found.end}, which is made for the task {ends[found.end]}, not {task.kind}"
        )
    if found.source.is_sequence:
        notes.append(
            f"its sequences are read as grey pictures {height}×{width}: a row is a step, a column "
            "one of its numbers"
        )
    first = graph.nodes[0].operation.kind
    if first not in ("normalise", "batch_norm"):
        notes.append(
            "it does not say how pixels are normalised: they go in as they are, 0 .. 255; if it "
            "was trained with others, give its mean and std"
        )
    if meaning.classes is None and not isinstance(task, Regression):
        notes.append("it does not say what its classes are called: they are numbered from 0")
    producer = " ".join(each for each in (proto.producer_name, proto.producer_version) if each)
    provenance: dict[str, Any] = {
        "onnx": {
            "file": Path(name).name,
            "producer": truncated(producer, 100),
            "opset": found.opset,
            "output": found.output,
            "mean": None if asked.mean is None else list(asked.mean),
            "std": None if asked.std is None else list(asked.std),
            "notes": list(notes),
        }
    }
    preprocessing = Preprocessing(height, width, channels, resize=meaning.resize)
    return Imported(Model(network, task, preprocessing, provenance), tuple(notes), found)


def _task(found: Translated, meaning: Meaning) -> Task:
    (outputs,) = found.network.graph.output_shape
    kind = meaning.task or (MultiLabel.kind if found.end == "sigmoid" else SingleLabel.kind)
    names: tuple[str, ...] | None = None
    label_kind: LabelKind = "int"
    if meaning.classes is not None:
        names, label_kind = given_classes(meaning.classes)
    if names is not None and len(names) != outputs:
        raise ArgumentError(
            f"{counted(len(names), 'name')} for {counted(outputs, 'output')}; give one for each, "
            "in their order"
        )
    numbered = tuple(map(str, range(outputs)))
    if kind == Regression.kind:
        columns = names or tuple(f"output {k}" for k in numbered)
        zero, one = (0.0,) * outputs, (1.0,) * outputs
        return Regression(columns, zero, one, flat=outputs == 1)
    if kind == MultiLabel.kind:
        return MultiLabel(names or numbered, label_kind)
    if kind == SingleLabel.kind:
        return SingleLabel(names or numbered, label_kind)
    raise ArgumentError(f"there is no task {kind!r:.40}")
