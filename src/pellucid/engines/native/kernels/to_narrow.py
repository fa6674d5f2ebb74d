"""Real values to whole numbers or bfloat16, where nothing before takes that along."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pellucid import ops
from pellucid.engines.native.emit.images import each_channel_vector, each_position
from pellucid.engines.native.emit.lanes import keep
from pellucid.engines.native.emit.narrow import storing_narrow
from pellucid.engines.native.kernels.kernel import Declined, Kernel

if TYPE_CHECKING:
    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.ops.operation import Operation


class ToNarrow(Kernel):
    """Values, position by position, to narrower numbers."""

    family: ClassVar[str] = "narrow numbers"
    operations: ClassVar[tuple[type[Operation], ...]] = (ops.Quantise, ops.Bfloat16)

    def forward(self) -> None:
        """Append the stage that rounds."""
        plan, region = self.plan, self.region
        places = [plan.values[region.sources[0]], plan.values[region.target]]
        operation, layout = region.operation, places[1].layout
        assert isinstance(operation, ops.Quantise | ops.Bfloat16)
        store = storing_narrow(operation, layout.dtype)

        def body(f: Function) -> None:
            def position(at: list[Value]) -> None:
                def vector(c: Index, real: Value | None) -> None:
                    store(f, keep(f, real, f.load_vector(at[0], c)), at[1], c)

                each_channel_vector(f, layout.channels, vector)

            each_position(f, places, position)

        about = plan.about(self.family, places[:1], places[1:])
        plan.stage(
            plan.forward, self.name, "images", body, about, single=plan.by_rows(region.target)
        )

    def backward(self) -> None:
        """Narrow numbers have no gradient."""
        raise Declined("narrow numbers have no gradient")
