"""Channel shuffle: channels of all groups are dealt out in turn, so that groups mix.

    y[…, c] = x[…, (c mod g) · C/g + ⌊c / g⌋]

Zhang et al. 2017, *ShuffleNet*, section 3.1: between grouped convolutions, each group of the second
then reads channels of every group of the first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from pellucid import checks
from pellucid.errors import ShapeError
from pellucid.ops.operation import INFERENCE, Mode, Operation
from pellucid.ops.reads import Axis, Follow, Reads, along
from pellucid.text import counted

if TYPE_CHECKING:
    from pellucid.ops.arguments import Arrays, Backward, Forward, Weights
    from pellucid.ops.operation import Array, Family, Saved, Shape
    from pellucid.ops.terms import Rule


@dataclass(frozen=True)
class ChannelShuffle(Operation):
    """Channel shuffle; any shape, its last axis a multiple of the groups.

    Attributes:
        groups: How many groups the channels are in.
    """

    kind: ClassVar[str] = "channel_shuffle"
    title: ClassVar[str] = "channels, shuffled"
    family: ClassVar[Family] = "layout"
    rule: ClassVar[Rule] = "sum"
    stem: ClassVar[str] = "shuffle"
    groups: int = 2

    def __post_init__(self) -> None:
        checks.whole("groups", self.groups)

    def output_shape(self, *inputs: Shape) -> Shape:
        self.check_inputs(*inputs)
        (shape,) = inputs
        if shape[-1] % self.groups:
            raise ShapeError(
                f"{counted(shape[-1], 'channel')} cannot be cut into "
                f"{counted(self.groups, 'group')}; choose groups that divide them"
            )
        return shape

    def forward(self, inputs: Arrays, weights: Weights, mode: Mode = INFERENCE) -> Forward:
        return _dealt(inputs[0], self.groups), None

    def backward(self, gradient: Array, saved: Saved, weights: Weights) -> Backward:
        # what has gone into g groups of C/g comes back by C/g groups of g
        return (_dealt(gradient, gradient.shape[-1] // self.groups),), {}

    def reads(self, *inputs: Shape) -> Reads:
        *rest, last = range(len(inputs[0]))
        count = inputs[0][last]
        turn = Follow(last, count // self.groups, modulo=self.groups)
        channels = Axis(count, (turn, Follow(last, divide=self.groups)))
        return Reads(((*(along(k, inputs[0][k]) for k in rest), channels),), inputs[0])


def _dealt(x: Array, groups: int) -> Array:
    """Channels of several groups, one of each in turn."""
    *rest, channels = x.shape
    return x.reshape(*rest, groups, channels // groups).swapaxes(-1, -2).reshape(x.shape)
