"""Recurrent layers of PyTorch, by both of its exporters, compared with ONNX Runtime.

The newer exporter takes many seconds, so its file is kept; this makes it again:

    python -m tests.interop.test_onnx_recurrent
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import helper
from torch import nn

from pellucid.engines import get_engine
from pellucid.errors import FileFormatError
from pellucid.interop.onnx.importing import Imported, import_file
from pellucid.interop.onnx.inputs import Asked

if TYPE_CHECKING:
    from collections.abc import Callable

    from onnx import ModelProto, NodeProto

STEPS, FEATURES, UNITS = 7, 5, 6
BY_DYNAMO = Path(__file__).with_name("recurrent-by-dynamo.onnx")


@dataclass(frozen=True)
class Reader:
    """A network that reads the rows of a picture, or its columns.

    Attributes:
        kind: ``"GRU"`` or ``"LSTM"``.
        first: Whether the batch comes first.
        take: What is made of the states.
        layers: One above the other.
        both: Whether it reads in both directions.
        bias: Whether it has any.
        columns: Whether a step is a column.
        dynamo: Whether PyTorch's newer exporter wrote it, once.
        open: Whether the file takes any number of pictures.
    """

    kind: str
    first: bool = True
    take: str = "last"
    layers: int = 1
    both: bool = False
    bias: bool = True
    columns: bool = False
    dynamo: bool = False
    open: bool = False

    def __str__(self) -> str:
        words = [self.kind, "N T F" if self.first else "T N F", self.take]
        words += [str(self.layers)] * (self.layers > 1)
        words += [name for name in ("both", "columns", "dynamo", "open") if getattr(self, name)]
        return " ".join(words)


class Module(nn.Module):
    def __init__(self, how: Reader) -> None:
        super().__init__()
        self.how = how
        self.read = getattr(nn, how.kind)(
            STEPS if how.columns else FEATURES, UNITS, how.layers, bias=how.bias,
            batch_first=how.first, bidirectional=how.both,
        )  # fmt: skip
        width = UNITS * (1 + how.both)
        if how.take == "rows":
            self.each = nn.Linear(width, 3)
            width = 3 * (FEATURES if how.columns else STEPS)
        self.answer = nn.Linear(width, 4)

    def forward(self, x: torch.Tensor) -> Any:
        how, x = self.how, x[:, 0]
        x = x.transpose(1, 2) if how.columns else x
        y, state = self.read(x if how.first else x.transpose(0, 1))
        h = state[0] if how.kind == "LSTM" else state
        if how.take == "last":
            found = y[:, -1] if how.first else y[-1]
        elif how.take == "middle":
            found = torch.relu(y[:, 2:5] if how.first else y[2:5])
            found = found.mean(1 if how.first else 0)
        elif how.take == "mean":
            found = y.mean(1 if how.first else 0)
        elif how.take == "state":
            found = torch.cat([h[-2], h[-1]], dim=1) if how.both else h[-1]
        else:
            found = torch.tanh(self.each(y))
            found = (found if how.first else found.transpose(0, 1)).flatten(1)
        return self.answer(found)


CASES = [
    Reader("GRU"),
    Reader("LSTM", first=False, open=True),
    Reader("GRU", first=False, take="rows"),
    Reader("LSTM", take="rows", open=True),
    Reader("GRU", take="mean", bias=False),
    Reader("LSTM", first=False, take="middle"),
    Reader("LSTM", take="state", layers=2),
    Reader("GRU", first=False, take="last", layers=2, open=True),
    Reader("LSTM", both=True),
    Reader("GRU", first=False, both=True, layers=2, take="state"),
    Reader("GRU", columns=True),
    Reader("LSTM", first=False, columns=True, take="mean"),
    Reader("LSTM", both=True, layers=2, take="rows", dynamo=True, open=True),
]


def exported(how: Reader, path: Path) -> Path:
    torch.manual_seed(5)
    module, given = Module(how).eval(), torch.zeros(2 if how.open else 1, 1, STEPS, FEATURES)
    open_batch: dict[str, Any] = {}
    if how.open and how.dynamo:
        open_batch = {"dynamic_shapes": ({0: torch.export.Dim("n")},)}
    elif how.open:
        open_batch = {"dynamic_axes": {"input": {0: "n"}}}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module, (given,), path, dynamo=how.dynamo, input_names=["input"], external_data=False,
            **open_batch,
        )  # fmt: skip
    return path


def compare(path: Path, engine: str = "reference") -> Imported:
    """The import answers as ONNX Runtime does."""
    found = import_file(path, Asked(layout="nchw"))
    pixels = np.random.default_rng(3).normal(0, 1, (3, STEPS, FEATURES, 1)).astype(np.float32)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    fed = pixels.transpose(0, 3, 1, 2)
    wanted = np.concatenate([session.run(None, {"input": fed[k : k + 1]})[0] for k in range(3)])
    logits = get_engine(engine).load(found.model.network).forward(pixels)
    np.testing.assert_allclose(logits, wanted, atol=1e-5 * np.abs(wanted).max(), rtol=0)
    return found


@pytest.mark.parametrize("how", CASES, ids=str)
def test_answers_as_onnx_runtime(how: Reader, tmp_path: Path) -> None:
    path = BY_DYNAMO if how.dynamo else exported(how, tmp_path / "read.onnx")
    found = compare(path)
    kinds = [node.operation.kind for node in found.model.network.graph.nodes]
    assert kinds.count(how.kind.lower()) == how.layers * (1 + how.both)


def test_the_native_engine_computes_it_too(tmp_path: Path) -> None:
    compare(exported(Reader("LSTM", layers=2), tmp_path / "read.onnx"), "native")


# ------------------------------------------------------------------------------- what is refused


def _node(model: ModelProto, kind: str) -> NodeProto:
    found: NodeProto = next(node for node in model.graph.node if node.op_type == kind)
    return found


def _set(kind: str, **attributes: Any) -> Callable[[ModelProto], None]:
    def change(model: ModelProto) -> None:
        node = _node(model, kind)
        kept = [each for each in node.attribute if each.name not in attributes]
        del node.attribute[:]
        node.attribute.extend(kept)
        node.attribute.extend(helper.make_attribute(k, v) for k, v in attributes.items())

    return change


def _begin_with_ones(model: ModelProto) -> None:
    ones = onnx.numpy_helper.from_array(np.ones((1, 1, UNITS), np.float32), "ones")
    model.graph.initializer.append(ones)
    _node(model, "GRU").input[5] = "ones"


def _read_the_cell(model: ModelProto) -> None:
    node = _node(model, "LSTM")
    for each in model.graph.node:
        each.input[:] = [node.output[2] if name == node.output[1] else name for name in each.input]


def _answer_with_steps_first(model: ModelProto) -> None:
    model.graph.output[0].name = _node(model, "GRU").output[0]


@pytest.mark.parametrize(
    ("how", "change", "said"),
    [
        (Reader("GRU"), _set("GRU", linear_before_reset=0), "linear_before_reset"),
        (Reader("GRU"), _set("GRU", clip=2.0), "clip"),
        (Reader("LSTM"), _set("LSTM", input_forget=1), "input_forget"),
        (Reader("LSTM"), _set("LSTM", activations=["Sigmoid", "Relu", "Tanh"]), "relu"),
        (Reader("GRU"), _set("GRU", layout=1), "layout=1"),
        (Reader("GRU"), _begin_with_ones, "other than zeros"),
        (Reader("LSTM", take="state"), _read_the_cell, "cell is read"),
        (Reader("GRU", first=False), _answer_with_steps_first, r"\(7, 1, N, 6\)"),
    ],
)
def test_refuses_in_a_line(
    how: Reader, change: Callable[[ModelProto], None], said: str, tmp_path: Path
) -> None:
    path = exported(how, tmp_path / "read.onnx")
    model = onnx.load(path)
    change(model)
    onnx.save(model, path)
    with pytest.raises(FileFormatError, match=said) as caught:
        import_file(path, Asked(layout="nchw"))
    assert "\n" not in str(caught.value)


def test_refuses_to_turn_long_sequences_round(tmp_path: Path) -> None:
    module = nn.Sequential(
        nn.Flatten(1, 2), nn.GRU(FEATURES, UNITS, bidirectional=True, batch_first=True)
    )

    class Whole(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.read, self.answer = module, nn.Linear(2 * UNITS, 4)

        def forward(self, x: torch.Tensor) -> Any:
            return self.answer(self.read(x)[0][:, -1])

    path = tmp_path / "long.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(Whole().eval(), (torch.zeros(1, 1, 65, FEATURES),), path, dynamo=False)
    with pytest.raises(FileFormatError, match="65 steps backwards; at most 64"):
        import_file(path, Asked(layout="nchw"))


def _without_notes(path: Path) -> None:
    """Drop what the exporter notes about where each node came from: paths of this machine."""
    model = onnx.load(path)
    for each in (model, model.graph, *model.graph.node, *model.graph.value_info,
                 *model.graph.input, *model.graph.output, *model.graph.initializer):  # fmt: skip
        del each.metadata_props[:]
        each.doc_string = ""
    onnx.save(model, path)


if __name__ == "__main__":
    exported(next(how for how in CASES if how.dynamo), BY_DYNAMO)
    _without_notes(BY_DYNAMO)
