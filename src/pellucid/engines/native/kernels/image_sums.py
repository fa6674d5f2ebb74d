"""Gradients of weights that are sums over images, the same for any number of threads.

Each image's sums are found where the gradient passes through it, and kept; once all are there they
are joined in the order of images. So the same bits come out for any number of threads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.engines.native.emit.schedule_builder import buffer
from pellucid.engines.native.memory.layout import FLOAT

if TYPE_CHECKING:
    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.kernels.parameters import Parameter
    from pellucid.engines.native.kernels.plan import Plan


class ImageSums:
    """Room for a parameter's gradient of each image by itself.

    Args:
        plan: The plan.
        parameter: Packed in one block.
    """

    def __init__(self, plan: Plan, parameter: Parameter) -> None:
        self.plan, self.parameter = plan, parameter
        floats = plan.capacity * parameter.size
        self.offset = plan.place_scratch(f"image sums {parameter.name}", floats)

    def of(self, f: Function, n: Index) -> Value:
        """Pointer to image n's sums, which lie as the parameter does."""
        return f.at(buffer(f, self.offset), f.multiply(n, self.parameter.size))

    def join(self) -> None:
        """Append the stage that joins them."""
        size, lanes = self.parameter.size, self.plan.lanes

        def body(f: Function) -> None:
            def unit(u: Index, _: list[Value]) -> list[Value]:
                at = f.multiply(u, lanes)
                first = f.at(buffer(f, self.offset), at)

                def image(n: Index, running: list[Value]) -> list[Value]:
                    part = f.load_vector(first, f.multiply(n, size))
                    return [f.vector("fadd", running[0], part)]

                (total,) = f.loop(0, "%images", 1, image, [(f.vectors.float, f.zero)])
                f.store_vector(total, buffer(f, self.parameter.gradients), at)
                return []

            f.loop("%first", "%last", 1, unit)

        self.plan.stage(
            "backward",
            f"kernel gradient {self.parameter.name}",
            size // lanes,
            body,
            self.plan.about("sums over images", read=FLOAT * self.plan.capacity * size),
            group=f"kernel {self.parameter.name}",
        )
