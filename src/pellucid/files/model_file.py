"""The model file: everything that a prediction needs, in one ``.safetensors``.

Weights are kept under their full names (``conv1.kernel``), in float32, those of quantised layers
in int8, int32 and, of bfloat16, uint16; the self-test's images and logits as
``self_test.images`` and ``self_test.logits``. The JSON text (see
:mod:`pellucid.files.container`) holds ``graphs``, of which ``main`` answers and all use the same
weights; ``task`` with its settings, see :mod:`pellucid.tasks`; ``preprocessing``, ``provenance``
and ``self_test``, the name of the engine that computed the logits. ``docs/model-format.md`` has the
whole, with a JSON schema. Reading trusts nothing, executes nothing, and makes only operations and
tasks of the fixed tables :data:`pellucid.ops.OPERATIONS` and :data:`pellucid.tasks.TASKS`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.data.labels import class_values
from pellucid.data.preprocessing import Preprocessing
from pellucid.engines import get_engine
from pellucid.errors import ArgumentError, DataError, FileFormatError, PellucidError
from pellucid.files import self_test, strict_json
from pellucid.files.atomic import write_file
from pellucid.files.container import Contents, pack, unpack, unpack_bytes
from pellucid.files.format_1 import MAIN, upgraded
from pellucid.files.limits import check_limits
from pellucid.graph import Network, graph_from_dict, graph_to_dict, is_quantised
from pellucid.graph.network import parameters
from pellucid.ops.bfloat16 import of_upper_halves, upper_halves
from pellucid.settings import to_dict
from pellucid.short_repr import short_repr
from pellucid.tasks import Detection, MultiLabel, SingleLabel, Task, task_from_dict
from pellucid.text import counted, printable

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from pellucid.data.labels import LabelKind
    from pellucid.engines import Engine
    from pellucid.files.strict_json import JSON
    from pellucid.graph import Graph
    from pellucid.ops.operation import Parameter

KIND = "model"
FORMAT = 3
"""The newest version of the format, which quantised models are written in."""

FORMAT_OF_REALS = 2
"""The version in which all others are written, so that earlier versions go on reading them."""

MOST_GRAPHS = 100
"""No model has more graphs: a guard against hostile files."""

IMAGES, LOGITS = "self_test.images", "self_test.logits"

_KEYS = {"graphs", "task", "preprocessing", "provenance", "self_test"}

# What hostile values, where the checks of others did not foresee them, can raise.
_PARSING_ERRORS = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError)


@short_repr
@dataclass(frozen=True, eq=False, init=False)
class Model:
    """A network that knows what it looks at and what its answers mean.

    Attributes:
        network: Graph and weights; takes raw pixels 0..255, gives K outputs.
        task: What it was trained for, and what its outputs mean; class names stand for
            single-label classification, of the given ``label_kind``.
        preprocessing: How any picture becomes the network's input.
        provenance: Where it comes from, as JSON values: seed, versions, data fingerprint, results,
            training configuration.

    Raises:
        ArgumentError: If these do not belong together, the network is too large (see
            :mod:`pellucid.files.limits`), or provenance is not JSON.
        DataError: If class names are none.
    """

    network: Network
    task: Task
    preprocessing: Preprocessing
    provenance: dict[str, Any] = field(default_factory=dict)

    def __init__(
        self,
        network: Network,
        task: Task | Sequence[str],
        preprocessing: Preprocessing,
        provenance: dict[str, Any] | None = None,
        label_kind: LabelKind | None = None,
        *,
        classes: Sequence[str] | None = None,
    ) -> None:
        if not isinstance(task, Task):
            task = SingleLabel(tuple(task), label_kind or "text")
        elif classes is not None or label_kind is not None:  # of a copy with other names
            names = task.names if classes is None else tuple(classes)
            task = task.with_classes(names, label_kind)
        object.__setattr__(self, "network", network)
        object.__setattr__(self, "task", task)
        object.__setattr__(self, "preprocessing", preprocessing)
        object.__setattr__(self, "provenance", {} if provenance is None else provenance)
        self._check()

    def _check(self) -> None:
        graph = self.network.graph
        self.task.check_outputs(graph.output_shape)
        if graph[graph.output].operation.kind == "softmax":
            raise ArgumentError(
                "a model's network must end in logits; leave the Softmax() out, it is applied to "
                "every model's answer"
            )
        for each in (graph, *self.network.graphs.values()):
            check_limits(each)
        self.task.check_graphs(graph, self.network.graphs)
        pictures = self.task.picture_shape(graph)
        if self.preprocessing.shape != pictures:
            raise ArgumentError(
                f"preprocessing makes images {self.preprocessing.shape}, but the network's are "
                f"{pictures}"
            )
        if not isinstance(self.provenance, dict):
            raise ArgumentError(
                f"provenance must be a dictionary, got {type(self.provenance).__name__}"
            )
        strict_json.check(self.provenance, "provenance")

    @property
    def classes(self) -> tuple[str, ...]:
        """The K class names, in the order of the logits; of numbers, what they are called."""
        return self.task.names

    @property
    def label_kind(self) -> LabelKind:
        """What an answer is: ``"text"``, the class's name; ``"int"``, ``"bool"``: what it spells.

        Raises:
            ArgumentError: Of numbers, which are no classes.
        """
        if isinstance(self.task, Detection):
            return "text"
        if not isinstance(self.task, SingleLabel | MultiLabel):
            raise ArgumentError(f"a model for {self.task.title} has no classes")
        return self.task.label_kind

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
        engine: As :func:`save_model` takes it.
        samples: As :func:`save_model` takes them.

    Raises:
        ArgumentError: As :func:`save_model`.
    """
    graph = model.network.graph
    weights = {name: _float32(name, array) for name, array in model.network.weights.items()}
    images = self_test.sample_images(graph.input_shape) if samples is None else samples
    self_test.check_images(images, graph.input_shape)
    network = Network(graph, weights, model.network.graphs)
    graphs = {MAIN: graph, **network.graphs}
    logits = self_test.compute_logits(network, images)
    if engine is not None:
        found = self_test.compute_logits(network, images, engine)
        try:
            self_test.check_logits(logits, found, graph)
        except ArgumentError as error:
            raise ArgumentError(
                f"engine {engine.name!r} and the reference disagree on this network: {error}; "
                "save it without an engine, and please report this"
            ) from error
        logits = found
    document: dict[str, JSON] = {
        "graphs": {name: graph_to_dict(each) for name, each in graphs.items()},
        "task": to_dict(model.task),
        "preprocessing": model.preprocessing.to_dict(),
        "provenance": model.provenance,
        "self_test": {"engine": engine.name if engine else "reference"},
    }
    stored = _stored(network, weights)
    contents = Contents(document, {**stored, IMAGES: images, LOGITS: logits})
    whole = any(map(is_quantised, graphs.values()))
    return pack(KIND, FORMAT if whole else FORMAT_OF_REALS, contents)


def load_model(path: str | os.PathLike[str], *, engine: Engine | None = None) -> Model:
    """Read a model, check all of it, and run its self-test on the engine that predicts.

    Args:
        path: Where it is.
        engine: Who will predict; by default the default engine.

    Returns:
        The model; its weights are float32.

    Raises:
        DataError: There is no such file, it is a folder, or the system does not let us read it, or
            there is not enough memory.
        FileFormatError: It is empty, cut short, damaged, not a model of Pellucid, written by a
            newer version, contradicts itself, or fails its self-test.
    """
    return _checked_model(unpack(path, KIND, FORMAT), printable(path), engine)


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


def _checked_model(contents: Contents, name: str, engine: Engine | None = None) -> Model:
    try:
        return _model(contents, engine or get_engine())
    except MemoryError as error:
        raise DataError(f"{name}: not enough memory to load this model") from error
    except (PellucidError, ValueError, *_PARSING_ERRORS) as error:
        raise FileFormatError(
            f"{name}: is no valid model: {printable(str(error))[:500]}; get or make it again"
        ) from error


def _model(contents: Contents, engine: Engine) -> Model:
    document, arrays = dict(contents.document), dict(contents.arrays)
    if contents.version == 1:
        document = upgraded(document)
    if document.keys() != _KEYS:
        odd = min(document.keys() ^ _KEYS)
        raise ArgumentError(
            f"its description {'lacks' if odd in _KEYS else 'has an unknown'} {odd!r:.80}"
        )
    images, logits = arrays.pop(IMAGES, None), arrays.pop(LOGITS, None)
    provenance = document["provenance"]
    if not isinstance(provenance, dict):
        raise ArgumentError("its provenance must be an object")
    _check_self_test(document["self_test"])
    graphs = _graphs(document["graphs"])
    graph = graphs.pop(MAIN)
    whole = any(map(is_quantised, (graph, *graphs.values())))
    if whole != (contents.version == FORMAT):
        described = "a quantised" if whole else "no quantised"
        raise ArgumentError(f"it has {described} layer, but is of format {contents.version}")
    model = Model(
        Network(graph, _weights(arrays, parameters((graph, *graphs.values()))), graphs),
        task_from_dict(document["task"]),
        Preprocessing.from_dict(document["preprocessing"]),
        provenance,
    )
    if images is None or logits is None:
        raise ArgumentError("its self-test is missing")
    self_test.check_images(images, graph.input_shape)
    _check_float32(LOGITS, logits)
    if logits.shape != (len(images), *self_test.tested(graph).output_shape):
        raise ArgumentError(
            f"its self-test has {counted(len(images), 'image')} and logits {logits.shape}"
        )
    count = self_test.affordable(graph, len(images))
    try:
        found = self_test.compute_logits(model.network, images[:count], engine)
        self_test.check_logits(found, logits[:count], graph)
    except ArgumentError as error:
        raise ArgumentError(f"it fails its self-test on this machine: {error}") from error
    return model


def _graphs(values: object) -> dict[str, Graph]:
    if not isinstance(values, dict) or MAIN not in values or len(values) > MOST_GRAPHS:
        raise ArgumentError(
            f"its graphs must be an object of at most {MOST_GRAPHS}, {MAIN!r} among them"
        )
    return {name: graph_from_dict(graph) for name, graph in values.items()}


def described_task(task: Task) -> dict[str, Any]:
    """A task as a model file and a run's configuration have it: JSON values by name."""
    if not isinstance(task, SingleLabel):
        return {"task": to_dict(task)}
    described: dict[str, Any] = {"classes": list(task.classes)}
    if task.label_kind != "text":  # files without it answer with texts, as they always did
        described["label_kind"] = task.label_kind
    return described


def described_outputs(task: Task) -> dict[str, Any]:
    """What a run's configuration says of the outputs: classes, or the task and its settings."""
    return {"classes": list(task.names)} if task.of_one_class else described_task(task)


def _check_self_test(values: object) -> None:
    engine = values.get("engine") if isinstance(values, dict) else None
    if not isinstance(values, dict) or values.keys() != {"engine"} or not isinstance(engine, str):
        raise ArgumentError("its self_test must be an object with the name of an engine")


def _stored(network: Network, weights: dict[str, NDArray[np.float32]]) -> dict[str, NDArray[Any]]:
    """Weights as a file has them: whole numbers as such, of bfloat16 the 16 bits."""
    return {
        name: upper_halves(weights[name])
        if parameter.dtype == "bfloat16"
        else weights[name].astype(parameter.dtype, copy=False)
        for name, parameter in network.parameters.items()
    }


def _weights(
    arrays: dict[str, NDArray[Any]], known: Mapping[str, Parameter]
) -> dict[str, NDArray[np.float32]]:
    """The reverse of :func:`_stored`.

    Raises:
        ArgumentError: If an array is not of its parameter's type, or not finite.
    """
    found = {}
    for name, stored in arrays.items():
        array, dtype = stored, known[name].dtype if name in known else "float32"
        if dtype == "bfloat16" and array.dtype == np.uint16:
            array, dtype = of_upper_halves(stored), "float32"
        if dtype == "float32":
            _check_float32(name, array)
        elif array.dtype != dtype:
            raise ArgumentError(f"{name!r:.80} must be {dtype}, got {array.dtype}")
        found[name] = array.astype(np.float32, copy=False)
        if dtype == "int32" and (found[name].astype(np.int64) != array).any():
            raise ArgumentError(f"{name!r:.80} holds numbers that no float32 holds exactly")
    return found


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
