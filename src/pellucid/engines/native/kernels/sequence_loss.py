"""The cross-entropy of sequences: the loss of each step at which a word is counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.engines.native.emit.images import start_of
from pellucid.engines.native.emit.lanes import keep
from pellucid.engines.native.emit.schedule_builder import buffer
from pellucid.engines.native.kernels.loss import Loss
from pellucid.engines.native.kernels.targets import positions
from pellucid.ops import SequenceCrossEntropy

if TYPE_CHECKING:
    from pellucid.engines.native.emit.doubles import Doubles
    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.kernels.targets import Share
    from pellucid.ops.loss import Loss as LossRule


class SequenceLoss(Loss):
    """A cross-entropy of one of a plan's sequences, (T, V)."""

    @staticmethod
    def computes(loss: LossRule) -> bool:
        """Whether it is one."""
        return isinstance(loss, SequenceCrossEntropy)

    def _image(self, f: Function, double: Doubles, n: Index, divisor: Value) -> None:
        z = start_of(f, self.logits, n)
        dz = start_of(f, self.gradient, n) if self.gradient is not None else None
        total = f.at(buffer(f, self.losses), n, "double")
        double.store("0.0", total)

        def step(t: Index, _: list[Value]) -> list[Value]:
            word = self.targets.number(f, n, t)
            at = f.at(z, f.multiply(t, self.logits.layout.pitch))
            to = None
            if dz is not None and self.gradient is not None:
                to = f.at(dz, f.multiply(t, self.gradient.layout.pitch))

            def counted() -> None:
                part = self._position(f, double, self._share(f, word), at, to, divisor)
                sum_ = f.value(f"fadd double {double.load(total)}, {double.first(part)}")
                double.store(sum_, total)

            f.when(f.value(f"fcmp oge float {word}, 0.0"), counted)
            if to is not None and not self.adds:
                f.when(f.value(f"fcmp olt float {word}, 0.0"), lambda: self._clear(f, to))
            return []

        f.loop(0, self.logits.layout.width, 1, step)

    def _share(self, f: Function, word: Value) -> Share:
        label = f.broadcast(word)

        def share(c: Index, real: Value | None) -> Value:
            mine = f.compare("oeq", positions(f, c), label)
            return keep(f, real, f.choose(mine, f.constant(1.0), f.zero))

        return share

    def _clear(self, f: Function, to: Value) -> None:
        def vector(c: Index, _: list[Value]) -> list[Value]:
            f.store_vector(f.zero, to, c)
            return []

        f.loop(0, self.pitch, f.vectors.lanes, vector)

    def _divisor(self, f: Function, double: Doubles) -> Value:
        """How many words of the batch are counted."""

        def image(n: Index, running: list[Value]) -> list[Value]:
            def step(t: Index, found: list[Value]) -> list[Value]:
                counted = f.value(f"fcmp oge float {self.targets.number(f, n, t)}, 0.0")
                one = f.value(f"select i1 {counted}, double 1.0, double 0.0")
                return [f.value(f"fadd double {found[0]}, {one}")]

            return f.loop(0, self.logits.layout.width, 1, step, [("double", running[0])])

        (count,) = f.loop(0, "%images", 1, image, [("double", "0.0")])
        return double.broadcast(count)
