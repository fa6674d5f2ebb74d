"""ONNX's own tests of its operators: which of those that we take pass, and which are refused.

Each is a file of one node with inputs and outputs. Here its first input becomes a network's
pictures, brought to the node's number of axes by a ``Squeeze``; its other inputs become constants;
and the flattened output is multiplied by the identity matrix, so that the order of its numbers is
compared too. ``python -m tests.interop.node_tests`` counts; ``--write`` writes the table in
``docs/onnx.md``.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
import sys
import warnings
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper
from onnx.backend.test.case import node

from pellucid.engines import get_engine
from pellucid.errors import FileFormatError
from pellucid.interop.onnx.inputs import Asked
from pellucid.interop.onnx.translating import translated
from pellucid.interop.onnx.translations import TRANSLATIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray
    from onnx.backend.test.case.test_case import TestCase

START, END = "<!-- node tests -->\n", "<!-- end of node tests -->\n"
PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "onnx.md"


@dataclass(frozen=True)
class Outcome:
    """What became of one test."""

    name: str
    kind: str
    result: Literal["passed", "refused", "failed"]
    reason: str = ""


def cases() -> list[TestCase]:
    """The tests of operators that we take: of the modules that make such nodes, the others cost."""
    found = []
    for module in pkgutil.iter_modules(node.__path__):
        source = Path(node.__path__[0], f"{module.name}.py")
        if not source.exists():
            continue
        made = re.findall(r'make_node\(\s*"(\w+)"', source.read_text(encoding="utf-8"))
        if TRANSLATIONS.keys() & set(made):
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                importlib.import_module(f"{node.__name__}.{module.name}")
    for case in node._NodeTestCases:
        assert case.model is not None
        kinds = [each.op_type for each in case.model.graph.node]
        if len(kinds) == 1 and kinds[0] in TRANSLATIONS:
            found.append(case)
    return found


def outcomes() -> Iterator[Outcome]:
    """Of every test of an operator that we take."""
    for case in cases():
        assert case.model is not None
        for inputs, outputs in case.data_sets or ():
            yield _outcome(case, case.model, *(_arrays(each) for each in (inputs, outputs)))


def _arrays(given: Iterable[Any]) -> list[Any]:
    return [np.asarray(each) if isinstance(each, np.generic) else each for each in given]


def _outcome(case: TestCase, model: ModelProto, inputs: list[Any], outputs: list[Any]) -> Outcome:
    (tested,) = model.graph.node
    name = case.name
    try:
        for place, expected in enumerate(outputs):
            found = _computed(model, inputs, place, expected)
            wanted = expected.reshape(len(found), -1).astype(np.float64)
            if not np.allclose(found, wanted, rtol=case.rtol, atol=max(case.atol, 1e-6)):
                off = float(np.abs(found - wanted).max())
                return Outcome(name, tested.op_type, "failed", f"apart by {off:g}")
    except FileFormatError as error:
        return Outcome(name, tested.op_type, "refused", str(error))
    return Outcome(name, tested.op_type, "passed")


def _computed(
    model: ModelProto, inputs: list[NDArray[Any]], place: int, expected: NDArray[Any]
) -> NDArray[Any]:
    """The node's output, flattened, (N, …)."""
    if not inputs:
        raise FileFormatError("it takes no input")
    if not all(isinstance(each, np.ndarray) for each in (*inputs, expected)):
        raise FileFormatError("it takes or gives other things than tensors")
    x, *others = inputs
    if x.dtype != np.float32 or x.size == 0 or not 1 <= x.ndim <= 4:
        raise FileFormatError(f"it takes {x.dtype} {x.shape}, which no picture or vector is")
    if expected.dtype != np.float32 or expected.ndim < 1 or len(expected) != len(x):
        raise FileFormatError("its output is not one of floats for each picture")
    (tested,) = model.graph.node
    names = [each.name for each in model.graph.input]
    opset = max(each.version for each in model.opset_import if not each.domain)
    branches = [x]
    if tested.op_type in ("Add", "Concat", "Mul", "Sum") and _branches(x, others):
        branches, others = inputs, []  # of one picture, cut along its channels
    whole = np.concatenate(branches, axis=min(1, x.ndim - 1))
    pictures = whole.reshape(*whole.shape, *(1,) * (4 - x.ndim))
    writer = Nodes(opset)
    squeezed = writer.over("Squeeze", "pictures", list(range(x.ndim, 4)))
    starts = np.cumsum([0, *(each.shape[1] for each in branches)]) if len(branches) > 1 else [0]
    for name, start, each in zip(names, starts, branches, strict=False):
        writer.part(squeezed, name, int(start), each.shape[1] if len(branches) > 1 else None)
    for name, array in zip(names[len(branches) :], others, strict=True):
        writer.constants.append(numpy_helper.from_array(array, name))
    width = int(np.prod(expected.shape[1:]))
    writer.constants.append(numpy_helper.from_array(np.eye(width, dtype=np.float32), "ones"))
    graph = helper.make_graph(
        [
            *writer.nodes,
            tested,
            helper.make_node("Flatten", [model.graph.output[place].name], ["flat"], axis=1),
            helper.make_node("MatMul", ["flat", "ones"], ["answer"]),
        ],
        "test",
        [helper.make_tensor_value_info("pictures", TensorProto.FLOAT, pictures.shape)],
        [helper.make_tensor_value_info("answer", TensorProto.FLOAT, [len(x), width])],
        writer.constants,
    )
    made = helper.make_model(graph, opset_imports=model.opset_import)
    network = translated(made, Asked(layout="nchw"), None).network
    fed = np.ascontiguousarray(pictures.transpose(0, 2, 3, 1))
    return get_engine("reference").load(network).forward(fed)


def _branches(x: NDArray[Any], others: list[NDArray[Any]]) -> bool:
    """Whether further inputs can be parts of one picture: alike but for their second axis."""
    rest = (x.shape[0], *x.shape[2:])
    return x.ndim > 1 and all(
        each.dtype == x.dtype and each.ndim == x.ndim and (each.shape[0], *each.shape[2:]) == rest
        for each in others
    )


class Nodes:
    """Nodes before the one that is tested, as its version of the operators has them."""

    def __init__(self, opset: int) -> None:
        self._opset = opset
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []

    def over(self, kind: str, tensor: str, axes: list[int]) -> str:
        """A ``Squeeze``."""
        if not axes:
            return tensor
        if self._opset >= 13:
            self.constants.append(numpy_helper.from_array(np.array(axes), "axes of pictures"))
            made = helper.make_node(kind, [tensor, "axes of pictures"], ["squeezed"])
        else:
            made = helper.make_node(kind, [tensor], ["squeezed"], axes=axes)
        self.nodes.append(made)
        return "squeezed"

    def part(self, tensor: str, name: str, start: int, length: int | None) -> None:
        """Some channels; all of them without a length."""
        if length is None:
            self.nodes.append(helper.make_node("Identity", [tensor], [name]))
            return
        if self._opset < 10:
            bounds: dict[str, Any] = {"starts": [start], "ends": [start + length], "axes": [1]}
            self.nodes.append(helper.make_node("Slice", [tensor], [name], **bounds))
            return
        words = {"starts": start, "ends": start + length, "axes": 1}
        for word, value in words.items():
            array = np.array([value])
            self.constants.append(numpy_helper.from_array(array, f"{name} {word}"))
        inputs = [tensor, *(f"{name} {word}" for word in words)]
        self.nodes.append(helper.make_node("Slice", inputs, [name]))


def table(found: list[Outcome]) -> str:
    """Passed, refused and failed by operator, as a table of Markdown."""
    counts = Counter[tuple[str, str]]((each.kind, each.result) for each in found)
    lines = ["| operator | passed | refused | failed |", "|---|---:|---:|---:|"]
    results = ("passed", "refused", "failed")
    for kind in sorted({each.kind for each in found}):
        numbers = " | ".join(str(counts[kind, result]) for result in results)
        lines.append(f"| {kind} | {numbers} |")
    total = Counter[str](each.result for each in found)
    lines.append(f"| **all** | {' | '.join(f'**{total[result]}**' for result in results)} |")
    return "\n".join(lines) + "\n"


def main() -> int:
    """Count; 1 if a test failed."""
    found = list(outcomes())
    if "--write" in sys.argv[1:]:
        page = PAGE.read_text(encoding="utf-8")
        before, _, rest = page.partition(START)
        _, _, after = rest.partition(END)
        PAGE.write_text(f"{before}{START}{table(found)}{END}{after}", encoding="utf-8")
    for each in found:
        if each.result != "passed":
            sys.stdout.write(f"{each.result} {each.name}: {each.reason}\n")
    sys.stdout.write(table(found))
    return int(any(each.result == "failed" for each in found))


if __name__ == "__main__":
    sys.exit(main())
