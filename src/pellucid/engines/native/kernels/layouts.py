"""Values that are moved: borders put around and cut off, channels taken out and shuffled."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar

from pellucid import ops
from pellucid.engines.native.emit.channels import Slice, put_channels, take_channels
from pellucid.engines.native.emit.images import (
    each_channel_vector,
    each_image,
    each_position,
    each_vector,
    start_of,
)
from pellucid.engines.native.emit.lanes import keep
from pellucid.engines.native.kernels.kernel import Kernel

if TYPE_CHECKING:
    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.memory.layout import Place
    from pellucid.ops.operation import Operation


class Move(Kernel):
    """What copies values from one place to another, and gradients back."""

    reads_input_backward: ClassVar[bool] = False

    @abstractmethod
    def move(self, f: Function, source: Place, target: Place) -> None:
        """Append what copies the values."""

    @abstractmethod
    def move_back(self, f: Function, gradient: Place, to: Place, *, adds: bool) -> None:
        """Append what copies, or adds, the gradient."""

    def forward(self) -> None:
        """Append the copy."""
        plan, region = self.plan, self.region
        source, target = plan.values[region.sources[0]], plan.values[region.target]
        about = plan.about(self.family, [source], [target])
        plan.stage(plan.forward, self.name, "images", lambda f: self.move(f, source, target), about)

    def backward(self) -> None:
        """Append the copy of the gradient."""
        plan, region = self.plan, self.region
        name = region.sources[0]
        if not plan.wants_gradient(name):
            return
        gradient, to, adds = plan.gradients[region.target], plan.gradients[name], plan.adds(name)
        about = plan.about(self.family, [gradient], [to])
        plan.stage(
            "backward",
            f"back through {self.name}",
            "images",
            lambda f: self.move_back(f, gradient, to, adds=adds),
            about,
        )


class Pad(Move):
    """A border put around."""

    family: ClassVar[str] = "borders"
    operations: ClassVar[tuple[type[Operation], ...]] = (ops.Pad,)

    def move(self, f: Function, source: Place, target: Place) -> None:
        operation = self.region.operation
        assert isinstance(operation, ops.Pad)
        (top, _), (left, _) = operation.padding
        _fill(f, target, operation.value)
        _copy(f, source, (0, 0), target, (top, left), _size(source))

    def move_back(self, f: Function, gradient: Place, to: Place, *, adds: bool) -> None:
        operation = self.region.operation
        assert isinstance(operation, ops.Pad)
        (top, _), (left, _) = operation.padding
        _copy(f, gradient, (top, left), to, (0, 0), _size(to), adds=adds)


class Crop(Move):
    """Edges cut off."""

    family: ClassVar[str] = "borders"
    operations: ClassVar[tuple[type[Operation], ...]] = (ops.Crop,)

    def move(self, f: Function, source: Place, target: Place) -> None:
        operation = self.region.operation
        assert isinstance(operation, ops.Crop)
        (top, _), (left, _) = operation.cropping
        _copy(f, source, (top, left), target, (0, 0), _size(target))

    def move_back(self, f: Function, gradient: Place, to: Place, *, adds: bool) -> None:
        operation = self.region.operation
        assert isinstance(operation, ops.Crop)
        (top, _), (left, _) = operation.cropping
        if not adds:
            _fill(f, to, 0.0)
        _copy(f, gradient, (0, 0), to, (top, left), _size(gradient), adds=adds)


class ChannelSlice(Move):
    """Some of the channels."""

    family: ClassVar[str] = "concatenate"
    operations: ClassVar[tuple[type[Operation], ...]] = (ops.ChannelSlice,)

    def move(self, f: Function, source: Place, target: Place) -> None:
        def position(at: list[Value]) -> None:
            take_channels(f, self._part(at[1]), at[0])

        each_position(f, [source, target], position)

    def move_back(self, f: Function, gradient: Place, to: Place, *, adds: bool) -> None:
        def position(at: list[Value]) -> None:
            put_channels(f, self._part(at[0]), at[1], to.layout.channels, adds=adds)

        each_position(f, [gradient, to], position)

    def _part(self, at: Value) -> Slice:
        operation = self.region.operation
        assert isinstance(operation, ops.ChannelSlice)
        return Slice(at, operation.start, operation.stop - operation.start)


class ChannelShuffle(Move):
    """Channels of all groups, dealt out in turn."""

    family: ClassVar[str] = "concatenate"
    operations: ClassVar[tuple[type[Operation], ...]] = (ops.ChannelShuffle,)

    def move(self, f: Function, source: Place, target: Place) -> None:
        operation = self.region.operation
        assert isinstance(operation, ops.ChannelShuffle)
        _deal(f, source, target, operation.groups, adds=False)

    def move_back(self, f: Function, gradient: Place, to: Place, *, adds: bool) -> None:
        operation = self.region.operation
        assert isinstance(operation, ops.ChannelShuffle)
        _deal(f, gradient, to, to.layout.channels // operation.groups, adds=adds)


def _size(place: Place) -> tuple[int, int]:
    return place.layout.height, place.layout.width


def _fill(f: Function, place: Place, value: float) -> None:
    """Every channel of the stage's images becomes a number."""

    def position(at: list[Value]) -> None:
        each_channel_vector(
            f,
            place.layout.channels,
            lambda c, real: f.store_vector(keep(f, real, f.constant(value)), at[0], c),
        )

    each_position(f, [place], position)


def _copy(
    f: Function,
    source: Place,
    from_: tuple[int, int],
    target: Place,
    to: tuple[int, int],
    size: tuple[int, int],
    *,
    adds: bool = False,
) -> None:
    """Some rows and columns of each image, from one position on to another, row by row."""
    height, width = size

    def image(n: Index) -> None:
        starts = [
            f.at(start_of(f, place, n), y * place.layout.row + x * place.layout.pitch)
            for place, (y, x) in ((source, from_), (target, to))
        ]

        def row(y: Index, _: list[Value]) -> list[Value]:
            read, write = (
                f.at(start, f.multiply(y, place.layout.row))
                for start, place in zip(starts, (source, target), strict=True)
            )

            def vector(i: Index) -> None:
                value = f.load_vector(read, i)
                if adds:
                    value = f.vector("fadd", value, f.load_vector(write, i))
                f.store_vector(value, write, i)

            each_vector(f, width * source.layout.pitch, vector)
            return []

        f.loop(0, height, 1, row)

    assert source.layout.pitch == target.layout.pitch
    each_image(f, image)


def _deal(f: Function, source: Place, target: Place, groups: int, *, adds: bool) -> None:
    """Channel k·groups + g of the target is channel g·(channels of a group) + k of the source."""
    channels, pitch = target.layout.channels, target.layout.pitch
    size = channels // groups

    def position(at: list[Value]) -> None:
        def turn(k: Index, _: list[Value]) -> list[Value]:
            def group(g: Index, _: list[Value]) -> list[Value]:
                number = f.load(at[0], f.add(f.multiply(g, size), k))
                to = f.at(at[1], f.add(f.multiply(k, groups), g))
                if adds:
                    number = f.value(f"fadd float {number}, {f.load(to)}")
                f.do(f"store float {number}, ptr {to}, align 4")
                return []

            return f.loop(0, groups, 1, group)

        f.loop(0, size, 1, turn)
        for c in range(channels, pitch):
            f.do(f"store float 0.0, ptr {f.at(at[1], c)}, align 4")

    each_position(f, [source, target], position)
