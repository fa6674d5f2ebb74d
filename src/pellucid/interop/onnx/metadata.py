"""What an exported ONNX file says of itself: enough to get the whole model back.

Under ``pellucid`` it has a JSON text with the network's graph, task, preprocessing and provenance,
and with one picture and its logits, by which any program can check that it computes the same. For
readers that know nothing of Pellucid, ``task``, ``classes`` (a JSON list) and ``preprocessing``
are there, too.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.data.preprocessing import Preprocessing
from pellucid.errors import ArgumentError
from pellucid.files import strict_json
from pellucid.files.self_test import tested as tested_part
from pellucid.graph import Graph, graph_from_dict, graph_to_dict
from pellucid.interop.onnx.options import InputForm
from pellucid.settings import to_dict
from pellucid.tasks import Task, task_from_dict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from pellucid.files import Model
    from pellucid.files.strict_json import JSON

KEY = "pellucid"
FORMAT = 1
"""The version that is written, and the newest that is read."""

_KEYS = {"format", "graph", "task", "preprocessing", "provenance", "input", "self_test"}


@dataclass(frozen=True, eq=False)
class Described:
    """What the metadata of an exported file hold.

    Attributes:
        graph: The network.
        task: What its outputs mean.
        preprocessing: How a picture becomes its input.
        provenance: Where it comes from.
        form: What the file takes.
        picture: The self-test's, uint8 (H, W, C).
        logits: What the network answers, or chooses by, float32; see
            :mod:`pellucid.files.self_test`.
    """

    graph: Graph
    task: Task
    preprocessing: Preprocessing
    provenance: dict[str, Any]
    form: InputForm
    picture: NDArray[np.uint8]
    logits: NDArray[np.float32]


def written(
    model: Model, form: InputForm, picture: NDArray[np.uint8], logits: NDArray[np.float32]
) -> dict[str, str]:
    """The metadata of a model: texts by name."""
    preprocessing = model.preprocessing.to_dict()
    document: dict[str, Any] = {
        "format": FORMAT,
        "graph": graph_to_dict(model.network.graph),
        "task": to_dict(model.task),
        "preprocessing": preprocessing,
        "provenance": model.provenance,
        "input": {"layout": form.layout, "dtype": form.dtype},
        "self_test": {
            "picture": base64.b64encode(picture.tobytes()).decode("ascii"),
            "logits": [float(logit) for logit in logits.reshape(-1)],
        },
    }
    texts: dict[str, JSON] = {
        KEY: document,
        "task": model.task.kind,
        "classes": list(model.classes),
        "preprocessing": preprocessing,
    }
    return {
        name: text if isinstance(text, str) else strict_json.canonical(text).decode("ascii")
        for name, text in texts.items()
    }


def read(metadata: Mapping[str, str]) -> Described | None:
    """What metadata say; None where no export of Pellucid wrote them.

    Raises:
        PellucidError: If what they say cannot be.
        ValueError: If it is not JSON.
    """
    text = metadata.get(KEY)
    if text is None:
        return None
    values = strict_json.parse(text.encode("utf-8"))
    if not isinstance(values, dict) or values.keys() != _KEYS:
        raise ArgumentError("its description has not the parts that an export writes")
    if values["format"] != FORMAT:
        raise ArgumentError(
            f"its description is of format {values['format']!r:.20}; this version reads {FORMAT}"
        )
    provenance, form, tested = values["provenance"], values["input"], values["self_test"]
    for what, value in (("provenance", provenance), ("input", form), ("self_test", tested)):
        if not isinstance(value, dict):
            raise ArgumentError(f"its {what} must be an object")
    assert isinstance(provenance, dict) and isinstance(form, dict) and isinstance(tested, dict)  # noqa: PT018
    if form.keys() != {"layout", "dtype"}:
        raise ArgumentError("its input must be an object of layout and dtype")
    graph = graph_from_dict(values["graph"])
    return Described(
        graph,
        task_from_dict(values["task"]),
        Preprocessing.from_dict(values["preprocessing"]),
        dict(provenance),
        InputForm(form["layout"], form["dtype"]),  # type: ignore[arg-type]
        *_self_test(graph, tested),
    )


def _self_test(
    graph: Graph, values: Mapping[str, Any]
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    shape = tested_part(graph).output_shape
    try:
        picture = np.frombuffer(base64.b64decode(values["picture"], validate=True), np.uint8)
        logits = np.array(values["logits"], np.float32)
        return picture.reshape(graph.input_shape), logits.reshape(shape)
    except (LookupError, TypeError, ValueError, OverflowError, binascii.Error) as error:
        raise ArgumentError(
            f"its self_test must be a picture of {graph.input_shape} and {shape} logits: {error}"
        ) from error
