"""What an ONNX file takes: the size of its pictures and the order of its axes.

A sequence (N, T, F) is taken as a grey picture of T rows and F columns: channels have no axis.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pellucid.errors import FileFormatError
from pellucid.interop.onnx.constants import MOST_PARAMETERS
from pellucid.interop.onnx.views import Value, axis
from pellucid.text import listed, truncated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from onnx import GraphProto, ValueInfoProto

    from pellucid.interop.onnx.options import Layout
    from pellucid.ops.operation import Shape


@dataclass(frozen=True)
class Asked:
    """What a user says of a file.

    Attributes:
        size: Height and width of pictures, where the file leaves them open.
        layout: The order of its input's axes; None: channels last where the last axis has 1 or 3
            and the first has not.
        output: Which of its outputs; None for the first.
        mean: What is subtracted from grey levels 0 .. 255 before the file's own nodes, a channel
            each or one for all; None: nothing.
        std: What they are then divided by, a channel each or one for all; None: nothing.
        most_parameters: Numbers of all constants together.
    """

    size: tuple[int, int] | None = None
    layout: Layout | None = None
    output: str | None = None
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    most_parameters: int = MOST_PARAMETERS


@dataclass(frozen=True)
class Source:
    """A file's input.

    Attributes:
        name: What the file calls it.
        shape: Of its pictures, (H, W, C).
        axes: The order of its axes, one letter each: ``"NCHW"``, ``"NHWC"``; of sequences
            ``"NHW"``, or ``"HNW"`` where the steps come before the batch.
        batch: Length of the batch axis; 1 where it is open.
    """

    name: str
    shape: Shape
    axes: str
    batch: int

    @property
    def is_sequence(self) -> bool:
        """Whether it has no axis for channels."""
        return "C" not in self.axes

    def value(self, node: str) -> Value:
        """The input as one of our values."""
        ours = dict(zip("HWC", map(axis, self.shape), strict=True))
        theirs = tuple(ours[each] for each in self.axes if each != "N")
        return Value(node, tuple(ours.values()), theirs, batch=self.axes.index("N"))

    def array(self, pictures: NDArray[Any]) -> NDArray[Any]:
        """Pictures (N, H, W, C) as the file takes them; of others than pictures what came."""
        if self.axes == "NHWC":
            return pictures
        given = pictures[..., 0] if self.is_sequence else pictures
        return given.transpose(["NHWC".index(each) for each in self.axes])


def input_of(graph: GraphProto, given: Sequence[ValueInfoProto], asked: Asked) -> Source:
    """The only input.

    Args:
        graph: The file's.
        given: Its inputs that are no constants.
        asked: What the user says of it.

    Raises:
        FileFormatError: If it takes neither pictures nor sequences, or leaves their size open.
    """
    from onnx import TensorProto

    described = [f"{truncated(each.name, 40)} {_described(each)}" for each in given]
    tensors = [each.type.tensor_type for each in given]
    kinds = (TensorProto.FLOAT, TensorProto.UINT8, TensorProto.FLOAT16, TensorProto.DOUBLE)
    fits = len(given) == 1 and len(tensors[0].shape.dim) in (3, 4)
    if not fits or tensors[0].elem_type not in kinds:
        raise FileFormatError(
            f"takes {listed(described, 4) or 'no input'}; a network for pictures takes one input "
            "of floats or bytes, (N, C, H, W) or (N, H, W, C), or a sequence (N, T, F)"
        )
    sizes = [each.dim_value for each in tensors[0].shape.dim]
    axes = _axes(sizes, asked.layout, described[0])
    by_letter = {"C": 1, **dict(zip(axes, sizes, strict=True))}
    batch, height, width, channels = (by_letter[each] for each in "NHWC")
    if channels == 0 and (first := _first_channels(graph)) in (1, 3):  # left open
        channels = first
    if asked.size is not None:
        wanted = [(height, asked.size[0]), (width, asked.size[1])]
        if any(own not in (0, size) for own, size in wanted):
            raise FileFormatError(
                f"takes pictures of {height}×{width} (height×width), not of "
                f"{asked.size[0]}×{asked.size[1]}"
            )
        height, width = asked.size
    if min(height, width, channels) < 1:
        raise FileFormatError(
            f"leaves the size of its pictures open, {described[0]}; give height and width "
            "(image_size, --image-size)"
        )
    return Source(given[0].name, (height, width, channels), axes, batch or 1)


def _axes(sizes: Sequence[int], layout: Layout | None, described: str) -> str:
    """The order of an input's axes by their lengths, of which open ones are 0."""
    if len(sizes) == 3:
        if layout is not None:
            raise FileFormatError(
                f"takes {described}, sequences (N, T, F) without an axis for channels; leave the "
                "order of its axes out (layout, --layout)"
            )
        return "HNW" if sizes[0] > 1 and sizes[1] in (0, 1) else "NHW"
    last = sizes[1] not in (1, 3) and sizes[3] in (1, 3)
    last = last if layout is None else layout == "nhwc"
    return "NHWC" if last else "NCHW"


def _first_channels(graph: GraphProto) -> int:
    """How many channels the first convolution reads; 0 where the file does not hold its kernel."""
    first = next((node for node in graph.node if node.op_type == "Conv"), None)
    kernels = {each.name: each for each in graph.initializer}
    if first is None or len(first.input) < 2 or first.input[1] not in kernels:
        return 0
    axes = kernels[first.input[1]].dims
    groups = next((each.i for each in first.attribute if each.name == "group"), 1)
    return int(axes[1] * groups) if len(axes) == 4 else 0


def _described(given: ValueInfoProto) -> str:
    from onnx import TensorProto

    tensor = given.type.tensor_type
    try:
        kind = TensorProto.DataType.Name(tensor.elem_type).lower()
    except ValueError:
        kind = "of an unknown type"
    axes = (each.dim_param or each.dim_value or "?" for each in tensor.shape.dim)
    return f"{kind} ({', '.join(truncated(str(each), 20) for each in axes)})"
