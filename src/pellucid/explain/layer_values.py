"""Every layer's output for one picture, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from pellucid.text import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pellucid.engines import Program
    from pellucid.graph import Node
    from pellucid.ops.operation import Array


class LayerValues(Mapping[str, "Array"]):
    """Values without a batch axis, by the layer that made them; the input's too.

    What the program predicts with is computed at once. What prediction never makes, a layer's
    output before the batch norm that is folded into it, follows when it is first looked at, in a
    pass of its own; or is computed in the same pass, where it is known that all is looked at.

    Args:
        program: The network on its engine.
        image: What the network takes, without a batch axis.
        reading: What makes of its outputs what users read, in float64, under the node's name.
        whole: Whether all is looked at.
    """

    def __init__(
        self, program: Program, image: Array, reading: Node, *, whole: bool = False
    ) -> None:
        self._program, self._image = program, image
        names = tuple(program.graph.types)
        self._names = *names, reading.name
        later = frozenset[str]() if whole else program.unpredicted
        self._found = self._run(name for name in names if name not in later)
        outputs = np.asarray(self._found[program.graph.output], np.float64)
        self._found[reading.name] = reading.operation.forward([outputs[None]], {})[0][0]

    def __getitem__(self, name: str) -> Array:
        if name in self._program.unpredicted and name not in self._found:
            self._found |= self._run(self._program.unpredicted)
        return self._found[name]

    def __repr__(self) -> str:
        return f"LayerValues({counted(len(self), 'layer')})"

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def _run(self, names: Iterable[str]) -> dict[str, Array]:
        graph = self._program.graph
        found = self._program.run(graph.select(*names), {graph.input: self._image[None]})
        return {name: value[0] for name, value in found.items()}
