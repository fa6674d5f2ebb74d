"""The page of what every operation computes, for readers of model files in other languages."""

from __future__ import annotations

import inspect
import json
import sys

from tests.ops.bfloat16_cases import CASES as NARROW
from tests.ops.cases import CASES, Case
from tests.ops.whole_cases import CASES as WHOLE

from pellucid import ops
from pellucid.ops import whole_numbers, window
from pellucid.settings import to_dict

PAGE = "reference/operations.md"
INTRODUCTION = """Each operation of a [model file](../model-format.md) by its `kind`: its formula,
and, of one example, the settings as the file has them, the shapes that flow, and its weights, which
are arrays named after the node, `conv1.kernel`. What settings mean is in
[pellucid.ops](pellucid.ops.md).

Values have the axes (N, height, width, channels), or (N, values); n counts the examples of a batch.
Shapes of examples are those of one. Predictions leave out what is of training alone: dropout hands
its input on, and a batch norm takes its kept mean and variance."""

PADDING = """`padding` is `"valid"` (none); `"same"`, which makes ⌈n / s⌉ outputs of n positions:
p = max(0, (⌈n / s⌉ − 1)·s + (k − 1)·d + 1 − n), of which ⌊p / 2⌋ lie before the first; or
`[[top, bottom], [left, right]]`. In the formulas below p is what lies before the first. `edge` says
of windows that hang over the end whether they `"count"` (⌈ ⌉) or not (`"drop"`, ⌊ ⌋). Padding is
zeros for convolutions; for max pooling it never wins."""


def page() -> str:
    """The page's text."""
    parts = ["# What operations compute", INTRODUCTION]
    parts += ["## Windows", inspect.getdoc(window) or "", PADDING]
    first: dict[str, Case] = {}
    for case in CASES:
        first.setdefault(case.operation.kind, case)
    for graph in (*WHOLE.values(), *NARROW.values()):
        for node in graph.nodes:
            case = Case("in a network", node.operation, graph.inputs_of(node))
            first.setdefault(case.operation.kind, case)
    for kind, operation in sorted({**ops.OPERATIONS, **ops.QUANTISED}.items()):
        parts += [f"## {kind}", inspect.getdoc(sys.modules[operation.__module__]) or ""]
        parts += [_example(first[kind])]
    parts += ["## Whole numbers", inspect.getdoc(whole_numbers) or ""]
    parts += ["## Losses", "What training minimises; predictions do not need them."]
    for kind, loss in sorted(ops.LOSSES.items()):
        parts += [f"### {kind}", inspect.getdoc(sys.modules[loss.__module__]) or ""]
    return "\n\n".join(parts) + "\n"


def _example(case: Case) -> str:
    operation, shapes = case.operation, case.shapes
    weights = operation.parameters(*shapes).items()
    rows = [
        f"operation  {json.dumps(to_dict(operation), ensure_ascii=False)}",
        f"inputs     {', '.join(map(_shape, shapes))}",
        f"output     {_shape(operation.output_shape(*shapes))}",
        *(f"weights    {name} {_shape(each.shape)}" for name, each in weights),
    ]
    return "```text\n" + "\n".join(rows) + "\n```"


def _shape(shape: tuple[int, ...]) -> str:
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"
