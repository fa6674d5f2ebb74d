"""The model file: everything that a prediction needs, in one ``.safetensors``.

Weights stand under their full names (``conv1.kernel``), in float32; the self-test's images and
logits as ``self_test.images`` and ``self_test.logits``. The JSON text (see
:mod:`pellucid.files.container`) holds ``graph``, ``classes``, ``preprocessing``, ``provenance`` and
``self_test``, the name of the engine that computed the logits; and ``label_kind``, if answers are
not texts. Reading trusts nothing, executes
nothing, and makes only operations of the fixed table :data:`pellucid.ops.OPERATIONS`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.data.labels import class_values
from pellucid.data.preprocessing import Preprocessing
from pellucid.errors import ArgumentError, DataError, FileFormatError, PellucidError
from pellucid.files import self_test, strict_json
from pellucid.files.atomic import write_file
from pellucid.files.container import Contents, pack, unpack, unpack_bytes
from pellucid.files.limits import check_limits
from pellucid.graph import Network, graph_from_dict, graph_to_dict
from pellucid.short_repr import short_repr
from pellucid.text import printable

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from numpy.typing import NDArray

    from pellucid.data.labels import LabelKind
    from pellucid.engines import Engine
    from pellucid.files.strict_json import JSON

KIND = "model"
FORMAT = 1
"""The version of the format that is written, and the newest that is read."""

IMAGES, LOGITS = "self_test.images", "self_test.logits"

_KEYS = {"graph", "classes", "preprocessing", "provenance", "self_test"}

# What hostile values, where the checks of others did not foresee them, can raise.
_PARSING_ERRORS = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError)


@short_repr
@dataclass(frozen=True, eq=False)
class Model:
    """A network that knows what it looks at and what its answers mean.

    Attributes:
        network: Graph and weights; takes raw pixels 0..255, gives K logits.
        classes: The K class names, in the order of the logits.
        preprocessing: How any picture becomes the network's input.
        provenance: Where it comes from, as JSON values: seed, versions, data fingerprint, results,
            training configuration.
        label_kind: What an answer is: ``"text"``, the class's name; ``"int"`` or ``"bool"``, what
            the name spells, as the labels were that it was trained with.

    Raises:
        ArgumentError: If these do not belong together, the network is too large (see
            :mod:`pellucid.files.limits`), or provenance is not JSON.
    """

    network: Network
    classes: tuple[str, ...]
    preprocessing: Preprocessing
    provenance: dict[str, Any] = field(default_factory=dict)
    label_kind: LabelKind = "text"

    def __post_init__(self) -> None:
        graph = self.network.graph
        if len(graph.output_shape) != 1:
            raise ArgumentError(
                f"a model's network must end in one logit a class, got the shape "
                f"{graph.output_shape}; end it with Flatten() and Dense()"
            )
        object.__setattr__(self, "classes", tuple(self.classes))
        _check_classes(self.classes, *graph.output_shape)
        if graph.nodes[-1].operation.kind == "softmax":
            raise ArgumentError(
                "a model's network must end in logits; leave the Softmax() out, it is applied to "
                "every model's answer"
            )
        class_values(self.classes, self.label_kind, "the model")
        check_limits(graph)
        if self.preprocessing.shape != graph.input_shape:
            raise ArgumentError(
                f"preprocessing makes images {self.preprocessing.shape}, but the network takes "
                f"{graph.input_shape}"
            )
        if not isinstance(self.provenance, dict):
            raise ArgumentError(
                f"provenance must be a dictionary, got {type(self.provenance).__name__}"
            )
        strict_json.check(self.provenance, "provenance")

    @property
    def answers(self) -> NDArray[Any]:
        """The class that each logit answers, (K,): int64, text or bool, as ``label_kind`` is."""
        return class_values(self.classes, self.label_kind, "the model")


def save_model(
    path: str | os.PathLike[str],
    model: Model,
    *,
    engine: Engine | None = None,
    samples: NDArray[np.uint8] | None = None,
    before: Callable[[], None] | None = None,
) -> None:
    """Write a model; an earlier file is replaced whole or not at all.

    Args:
        path: Where; by custom it ends in ``.safetensors``.
        model: The model; its weights are stored in float32.
        engine: Computes the self-test's logits, which the reference engine must confirm; by default
            the reference engine itself.
        samples: The self-test's images, uint8 (1 to 16, H, W, C); two made ones by default.
        before: Called when the model is safe on the disk and the earlier file not yet replaced.

    Raises:
        ArgumentError: If weights or logits are not finite, the samples are not such images, the
            engine disagrees with the reference, or the description is too long.
        OutputError: If the file cannot be written.
    """
    write_file(path, model_bytes(model, engine=engine, samples=samples), before=before)


def model_bytes(
    model: Model, *, engine: Engine | None = None, samples: NDArray[np.uint8] | None = None
) -> bytes:
    """Return the bytes of a model's file.

    Args:
        model: As :func:`save_model` takes it.
        engine: Likewise.
        samples: Likewise.

    Raises:
        ArgumentError: As :func:`save_model`.
    """
    graph = model.network.graph
    weights = {name: _float32(name, array) for name, array in model.network.weights.items()}
    images = self_test.sample_images(graph.input_shape) if samples is None else samples
    self_test.check_images(images, graph.input_shape)
    network = Network(graph, weights)
    logits = self_test.compute_logits(network, images)
    if engine is not None:
        found = self_test.compute_logits(network, images, engine)
        try:
            self_test.check_logits(logits, found)
        except ArgumentError as error:
            raise ArgumentError(
                f"engine {engine.name!r} and the reference disagree on this network: {error}; "
                "save it without an engine, and please report this"
            ) from error
        logits = found
    document: dict[str, JSON] = {
        "graph": graph_to_dict(graph),
        "classes": list(model.classes),
        "preprocessing": model.preprocessing.to_dict(),
        "provenance": model.provenance,
        "self_test": {"engine": engine.name if engine else "reference"},
    }
    if model.label_kind != "text":  # files without it answer with texts, as they always did
        document["label_kind"] = model.label_kind
    contents = Contents(document, {**weights, IMAGES: images, LOGITS: logits})
    return pack(KIND, FORMAT, contents)


def load_model(path: str | os.PathLike[str]) -> Model:
    """Read a model, check all of it, and run its self-test on the reference engine.

    Returns:
        The model; its weights are float32.

    Raises:
        DataError: There is no such file, it is a folder, or the system does not let us read it, or
            there is not enough memory.
        FileFormatError: It is empty, cut short, damaged, not a model of Pellucid, written by a
            newer version, contradicts itself, or fails its self-test.
    """
    return _checked_model(unpack(path, KIND, FORMAT), printable(path))


def model_from_bytes(data: bytes, name: str) -> Model:
    """Read the bytes of a model's file with the checks of :func:`load_model`.

    Args:
        data: What :func:`model_bytes` returned.
        name: What they are called in messages.

    Raises:
        FileFormatError: As :func:`load_model`.
        DataError: There is not enough memory.
    """
    return _checked_model(unpack_bytes(data, name, KIND, FORMAT), name)


def _checked_model(contents: Contents, name: str) -> Model:
    try:
        return _model(contents)
    except MemoryError as error:
        raise DataError(f"{name}: not enough memory to load this model") from error
    except (PellucidError, ValueError, *_PARSING_ERRORS) as error:
        raise FileFormatError(
            f"{name}: is no valid model: {printable(str(error))[:500]}; get or make it again"
        ) from error


def _model(contents: Contents) -> Model:
    document, arrays = dict(contents.document), dict(contents.arrays)
    label_kind = document.pop("label_kind", "text")
    if document.keys() != _KEYS:
        odd = min(document.keys() ^ _KEYS)
        raise ArgumentError(
            f"its description {'lacks' if odd in _KEYS else 'has an unknown'} {odd!r:.80}"
        )
    images, logits = arrays.pop(IMAGES, None), arrays.pop(LOGITS, None)
    classes, provenance = document["classes"], document["provenance"]
    if not isinstance(classes, list) or not isinstance(provenance, dict):
        raise ArgumentError("its classes must be a list, and its provenance an object")
    _check_self_test(document["self_test"])
    graph = graph_from_dict(document["graph"])
    for name, array in arrays.items():
        _check_float32(name, array)
    model = Model(
        Network(graph, arrays),
        tuple(classes),  # type: ignore[arg-type]  # Model checks that they are text
        Preprocessing.from_dict(document["preprocessing"]),
        provenance,
        label_kind,  # type: ignore[arg-type]  # Model checks that there is such a kind
    )
    if images is None or logits is None:
        raise ArgumentError("its self-test is missing")
    self_test.check_images(images, graph.input_shape)
    _check_float32(LOGITS, logits)
    if logits.shape != (len(images), *graph.output_shape):
        raise ArgumentError(f"its self-test has {len(images)} images and logits {logits.shape}")
    count = self_test.affordable(graph, len(images))
    try:
        self_test.check_logits(
            self_test.compute_logits(model.network, images[:count]), logits[:count]
        )
    except ArgumentError as error:
        raise ArgumentError(f"it fails its self-test on this machine: {error}") from error
    return model


def _check_classes(classes: tuple[object, ...], logits: int) -> None:
    for name in classes:
        if not isinstance(name, str) or not name:
            raise ArgumentError(f"a class's name must be text that is not empty, got {name!r:.80}")
    if len(classes) != logits:
        raise ArgumentError(f"there are {len(classes)} classes, but {logits} logits")
    if len(set(classes)) < len(classes):
        twice = next(name for i, name in enumerate(classes) if name in classes[:i])
        raise ArgumentError(f"class {twice!r:.80} stands twice; expected each once")


def _check_self_test(values: object) -> None:
    engine = values.get("engine") if isinstance(values, dict) else None
    if not isinstance(values, dict) or values.keys() != {"engine"} or not isinstance(engine, str):
        raise ArgumentError("its self_test must be an object with the name of an engine")


def _float32(name: str, array: NDArray[Any]) -> NDArray[np.float32]:
    with np.errstate(over="ignore"):
        weight = np.asarray(array, np.float32, order="C")
    _check_float32(name, weight)
    return weight


def _check_float32(name: str, array: NDArray[Any]) -> None:
    if array.dtype != np.float32:
        raise ArgumentError(f"{name!r:.80} must be float32, got {array.dtype}")
    if not np.isfinite(array).all():
        raise ArgumentError(
            f"{name!r:.80} holds NaN or infinity; its training diverged: train with a lower "
            "learning rate"
        )
