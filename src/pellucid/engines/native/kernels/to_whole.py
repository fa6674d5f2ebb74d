"""Real values to whole numbers of 8 bits, where nothing before takes that along."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from pellucid import ops
from pellucid.engines.native.emit.images import each_channel_vector, each_position
from pellucid.engines.native.emit.lanes import keep
from pellucid.engines.native.emit.whole_sums import store_whole
from pellucid.engines.native.kernels.kernel import Declined, Kernel

if TYPE_CHECKING:
    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.ops.operation import Operation


class ToWhole(Kernel):
    """Values, position by position, to whole numbers."""

    family: ClassVar[str] = "whole numbers"
    operations: ClassVar[tuple[type[Operation], ...]] = (ops.Quantise,)

    def forward(self) -> None:
        """Append the stage that rounds."""
        plan, region = self.plan, self.region
        places = [plan.values[region.sources[0]], plan.values[region.target]]
        operation, layout = region.operation, places[1].layout
        assert isinstance(operation, ops.Quantise)
        store = partial(store_whole, operation=operation, dtype=layout.dtype)

        def body(f: Function) -> None:
            def position(at: list[Value]) -> None:
                def vector(c: Index, real: Value | None) -> None:
                    store(f, x=keep(f, real, f.load_vector(at[0], c)), target=at[1], offset=c)

                each_channel_vector(f, layout.channels, vector)

            each_position(f, places, position)

        about = plan.about(self.family, places[:1], places[1:])
        plan.stage(
            plan.forward, self.name, "images", body, about, single=plan.by_rows(region.target)
        )

    def backward(self) -> None:
        """Whole numbers have no gradient."""
        raise Declined("whole numbers have no gradient")
