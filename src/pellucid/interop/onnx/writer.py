"""What an ONNX graph is collected in while a network is written: nodes, constants, weights.

Names never clash. Values of the network's nodes have the nodes' names, which hold no dot; weights
are ``conv1.kernel``; what a node needs besides is ``conv1.padded`` and the like, with words that no
parameter has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from onnx import NodeProto, TensorProto


class Writer:
    """Collects the nodes and the constants of an ONNX graph.

    Attributes:
        nodes: In order.
        constants: Initialisers, by name.
    """

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.constants: dict[str, TensorProto] = {}

    def node(self, kind: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        """Add a node of ONNX's operators; its name is that of its output, which is returned."""
        self.several(kind, inputs, [output], **attributes)
        return output

    def several(
        self, kind: str, inputs: Sequence[str], outputs: Sequence[str], **attributes: Any
    ) -> None:
        """Add a node with several outputs; its name is that of the first."""
        from onnx.helper import make_node

        node = make_node(kind, list(inputs), list(outputs), name=outputs[0], **attributes)
        self.nodes.append(node)

    def constant(self, name: str, values: NDArray[Any]) -> str:
        """Add a constant under a name; the name."""
        from onnx.numpy_helper import from_array

        self.constants[name] = from_array(np.asarray(values, order="C"), name)
        return name

    def whole(self, name: str, values: Any) -> str:
        """Add a constant of whole numbers, as shapes and axes are; the name."""
        return self.constant(name, np.array(values, np.int64))
