"""The loss: from logits and labels to one number, and to its gradient at the logits.

Computed in double precision, since the loss of a network that has learned is a small difference of
large numbers; and nothing is subtracted from 1: the largest logit m has y_m = 1/(1 + R) and
1 − y_m = R/(1 + R), where R = Σ_{k≠m} e^{z_k − z_m}, so that loss and gradient keep their relative
precision where y_m rounds to 1.

An image's part needs nothing of other images but what the batch's mean divides by, which labels
alone decide; so every thread finds that by itself, and goes on with the backward pass.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from pellucid.engines.native.emit.doubles import DOUBLE, Doubles
from pellucid.engines.native.emit.images import each_image, start_of
from pellucid.engines.native.emit.lanes import each_part, joined, keep, over_channels, parts
from pellucid.engines.native.emit.schedule_builder import buffer
from pellucid.engines.native.kernels.loss_by_output import BY_OUTPUT
from pellucid.engines.native.kernels.targets import positions
from pellucid.engines.native.memory.arena import floats
from pellucid.engines.native.memory.layout import FLOAT, whole_vectors
from pellucid.ops import CrossEntropy, MeanSquaredError, SequenceCrossEntropy

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.kernels.plan import Plan
    from pellucid.engines.native.kernels.targets import Share, Targets
    from pellucid.engines.native.lower.objective import LossNode
    from pellucid.ops.loss import Loss as LossRule


class Loss:
    """A loss of one of a plan's values.

    Args:
        plan: The plan.
        name: Of the loss.
        node: The loss and what it compares.
        targets: What is wanted.

    Attributes:
        origin: The target of the region that makes the value.

    """

    @staticmethod
    def computes(loss: LossRule) -> bool:
        """Whether there is code for a rule."""
        return isinstance(loss, CrossEntropy | MeanSquaredError) or loss.kind in BY_OUTPUT

    def __init__(self, plan: Plan, name: str, node: LossNode, targets: Targets) -> None:
        loss = node.operation
        assert plan.learning is not None
        self.plan, self.name, self.loss, self.targets = plan, name, loss, targets
        self.origin = plan.makers[node.value]
        self.logits = plan.values[self.origin]
        # Of a value before which nothing learns, and of a loss that is only measured, there is no
        # gradient; where several losses compare a value, the first writes it, and others add.
        self.weight = plan.learning.weights.get(name)
        learns = self.weight is not None and plan.wants_gradient(self.origin)
        self.gradient = plan.gradients[self.origin] if learns else None
        self.adds = learns and plan.adds(self.origin)
        self.classes = self.logits.layout.channels
        self.pitch = whole_vectors(self.classes, plan.lanes)
        place = plan.place
        self.losses = plan.place_scratch(f"image losses {name}", plan.capacity * DOUBLE)
        self.result = place(f"loss {name}", DOUBLE)
        weights = loss.class_weights if isinstance(loss, CrossEntropy) else None
        self.class_weights = (
            place(f"weights of classes {name}", self.pitch * DOUBLE) if weights else None
        )

    # ----------------------------------------------------------------------------------- memory

    def prepare(self, memory: NDArray[np.uint8]) -> None:
        """Write what stays the same from step to step into new memory."""
        if self.class_weights is not None:
            assert isinstance(self.loss, CrossEntropy)
            room = floats(memory, self.class_weights, self.pitch * DOUBLE)
            room.view(np.float64)[: self.classes] = self.loss.class_weights

    def read_result(self, memory: NDArray[np.uint8]) -> float:
        """The last step's loss."""
        found = floats(memory, self.result, DOUBLE).view(np.float64)
        return float(found[0])

    # ----------------------------------------------------------------------------------- stages

    def write(self) -> None:
        """Append the stage that finds each image's loss and writes the gradient at its logits."""

        def body(f: Function) -> None:
            double = Doubles(f)
            divisor = self._divisor(f, double)
            each_image(f, lambda n: self._image(f, double, n, divisor))

        writes = [self.gradient] if self.gradient is not None else []
        about = self.plan.about("loss", [self.logits], writes)
        self.plan.stage("loss", self.name, "images", body, about, group=self.targets.group)

    def write_sum(self) -> None:
        """Append the stage that adds the images' losses up, in their order."""

        def body(f: Function) -> None:
            double = Doubles(f)

            def unit(_u: Index, _: list[Value]) -> list[Value]:
                def image(n: Index, running: list[Value]) -> list[Value]:
                    at = f.at(buffer(f, self.losses), n, "double")
                    return [f.value(f"fadd double {running[0]}, {double.load(at)}")]

                (total,) = f.loop(0, "%images", 1, image, [("double", "0.0")])
                double.store(total, buffer(f, self.result))
                return []

            f.loop("%first", "%last", 1, unit)

        about = self.plan.about("sums over images", read=2 * DOUBLE * FLOAT * self.plan.capacity)
        self.plan.stage("backward", f"sum of {self.name}", 1, body, about, group="kernels")

    # ------------------------------------------------------------------------------- one image

    def _image(self, f: Function, double: Doubles, n: Index, divisor: Value) -> None:
        z = start_of(f, self.logits, n)
        dz = start_of(f, self.gradient, n) if self.gradient is not None else None
        loss = self._position(f, double, self.targets.share(f, n), z, dz, divisor)
        double.store(double.first(loss), f.at(buffer(f, self.losses), n, "double"))

    def _position(
        self, f: Function, double: Doubles, share: Share, z: Value, dz: Value | None, divisor: Value
    ) -> Value:
        """The loss of one row of logits, divided; its gradient is written."""
        lowest = f.constant(float("-inf"))

        def largest(c: Index, real: Value | None, running: Value) -> Value:
            value = f.load_vector(z, c)
            if real is not None:
                value = f.choose(real, value, lowest)
            return _larger(f, value, running)

        top = over_channels(f, self.classes, lowest, largest, partial(_larger, f))
        place = self._first(f, z, top)

        def is_top(c: Index) -> Value:
            return f.compare("oeq", positions(f, c), place)

        high = double.widen(top)

        def shifted(c: Index) -> Value:
            return double.apply("fsub", double.widen(f.load_vector(z, c)), high)

        def odds(c: Index) -> Value:
            """e^(z_k − z_m); of the largest itself 1 − 1 = 0, or NaN where it is not finite."""
            power = double.exponential(shifted(c))
            less = double.apply("fsub", power, double.constant(1.0))
            return double.choose(is_top(c), less, power)

        if self.loss.kind in BY_OUTPUT:
            return self._by_output(f, double, share, z, dz, divisor)
        squares = isinstance(self.loss, MeanSquaredError)
        write = self._squares if squares else self._entropy
        return write(f, double, share, shifted, odds, is_top, dz, divisor)

    def _by_output(
        self, f: Function, double: Doubles, share: Share, z: Value, dz: Value | None, divisor: Value
    ) -> Value:
        """Σ_k of what each output adds, divided."""
        of_one = BY_OUTPUT[self.loss.kind]

        def each(c: Index, real: Value | None, running: list[Value]) -> list[Value]:
            given = double.widen(f.load_vector(z, c)), double.widen(share(c, real))
            part, slope = of_one(self.loss, double, *given)
            self._store(double, double.apply("fdiv", slope, divisor), real, dz, c)
            return [double.apply("fadd", running[0], double.keep(real, part))]

        (loss,) = self._sums(double, 1, each)
        return double.apply("fdiv", loss, divisor)

    def _entropy(
        self,
        f: Function,
        double: Doubles,
        share: Share,
        shifted: Callable[[Index], Value],
        odds: Callable[[Index], Value],
        is_top: Callable[[Index], Value],
        dz: Value | None,
        divisor: Value,
    ) -> Value:
        """−Σ_k w_k t_k log y_k, divided; the gradient is y · Σ_j w_j t_j − w t, divided.

        That is y_k · Σ_{j≠k} w_j t_j − w_k t_k · (1 − y_k).
        """

        def wanted(c: Index, real: Value | None) -> Value:
            return double.keep(real, self._weigh(double, self._smooth(double, share(c, real)), c))

        def sums(c: Index, real: Value | None, running: list[Value]) -> list[Value]:
            return [
                double.apply("fadd", running[0], double.keep(real, odds(c))),
                double.apply("fadd", running[1], wanted(c, real)),
            ]

        others, mass = self._sums(double, 2, sums)
        total = double.apply("fadd", others, double.constant(1.0))
        logarithm = double.logarithm_1p(others)
        scale = double.apply("fmul", total, divisor)

        def loss_and_gradient(c: Index, real: Value | None, running: list[Value]) -> list[Value]:
            away, target = shifted(c), wanted(c, real)
            surprise = double.apply("fsub", logarithm, away)
            terms = double.keep(real, double.apply("fmul", target, surprise))
            power = double.exponential(away)
            rest = double.choose(is_top(c), others, double.apply("fsub", total, power))
            given = double.apply("fmul", power, double.apply("fsub", mass, target))
            step = double.apply("fsub", given, double.apply("fmul", target, rest))
            self._store(double, double.apply("fdiv", step, scale), real, dz, c)
            return [double.apply("fadd", running[0], terms)]

        (loss,) = self._sums(double, 1, loss_and_gradient)
        return double.apply("fdiv", loss, divisor)

    def _squares(
        self,
        f: Function,
        double: Doubles,
        share: Share,
        shifted: Callable[[Index], Value],
        odds: Callable[[Index], Value],
        is_top: Callable[[Index], Value],
        dz: Value | None,
        divisor: Value,
    ) -> Value:
        """Σ_k d_k², divided, with d = y − t; the gradient is 2 y (d − Σ_k d_k y_k), divided.

        d_k is y_k (1 − t_k) − t_k (1 − y_k); and of the largest logit m, d_m − Σ_k d_k y_k is
        d_m (1 − y_m) − Σ_{k≠m} d_k y_k.
        """

        def powers(c: Index, real: Value | None, running: list[Value]) -> list[Value]:
            return [double.apply("fadd", running[0], double.keep(real, odds(c)))]

        (others,) = self._sums(double, 1, powers)
        one = double.constant(1.0)
        total = double.apply("fadd", others, one)

        def apart(c: Index, real: Value | None) -> tuple[Value, Value, Value]:
            """Y, 1 − y and d."""
            power, target = double.exponential(shifted(c)), double.widen(share(c, real))
            y = double.apply("fdiv", power, total)
            rest = double.choose(is_top(c), others, double.apply("fsub", total, power))
            rest = double.apply("fdiv", rest, total)
            above = double.apply("fmul", y, double.apply("fsub", one, target))
            return y, rest, double.apply("fsub", above, double.apply("fmul", target, rest))

        def sums(c: Index, real: Value | None, running: list[Value]) -> list[Value]:
            y, _, difference = (double.keep(real, vector) for vector in apart(c, real))
            product, top = double.apply("fmul", difference, y), is_top(c)
            return [
                double.fma(difference, difference, running[0]),
                double.apply("fadd", running[1], double.choose(top, product, double.zero)),
                double.apply("fadd", running[2], double.choose(top, double.zero, product)),
            ]

        loss, mine, theirs = self._sums(double, 3, sums)
        twice = double.apply("fdiv", double.constant(2.0), divisor)

        def gradient(c: Index, real: Value | None, _: list[Value]) -> list[Value]:
            y, rest, difference = apart(c, real)
            own = double.choose(
                is_top(c),
                double.apply("fmul", difference, rest),
                double.apply("fsub", difference, mine),
            )
            away = double.apply("fmul", double.apply("fsub", own, theirs), twice)
            self._store(double, double.apply("fmul", y, away), real, dz, c)
            return []

        self._sums(double, 0, gradient)
        return double.apply("fdiv", loss, divisor)

    def _store(
        self, double: Doubles, step: Value, real: Value | None, dz: Value | None, c: Index
    ) -> None:
        """Write a vector of the gradient, or add it to what another loss wrote."""
        f = double.f
        if dz is None:
            return
        if self.weight != 1.0:
            step = double.apply("fmul", step, double.constant(float(self.weight or 0.0)))
        vector = keep(f, real, double.narrow(step))
        if self.adds:
            vector = f.vector("fadd", f.load_vector(dz, c), vector)
        f.store_vector(vector, dz, c)

    def _first(self, f: Function, z: Value, top: Value) -> Value:
        """The place of the first of the largest logits; infinity if all are NaN."""
        none = f.constant(float("inf"))

        def first(c: Index, real: Value | None, running: Value) -> Value:
            value, position = f.load_vector(z, c), positions(f, c)
            if real is not None:
                position = f.choose(real, position, none)
            largest = f.choose(f.compare("oeq", value, top), position, none)
            return _smaller(f, largest, running)

        return over_channels(f, self.classes, none, first, partial(_smaller, f))

    # ---------------------------------------------------------------------------------- labels

    def _divisor(self, f: Function, double: Doubles) -> Value:
        """What the mean divides by: images, or for cross-entropy the weights of their labels.

        Losses that are a mean over outputs divide by these too.
        """
        if not isinstance(self.loss, CrossEntropy):
            outputs = self.classes if self.loss.kind in BY_OUTPUT else 1
            number = f.multiply("%images", outputs)
            return double.broadcast(f.value(f"sitofp i64 {number} to double"))

        def image(n: Index, running: list[Value]) -> list[Value]:
            share = self.targets.share(f, n)

            def add(c: Index, real: Value | None, values: list[Value]) -> list[Value]:
                weighed = self._weigh(double, double.widen(share(c, real)), c)
                return [double.apply("fadd", values[0], double.keep(real, weighed))]

            carried = [[(double.kind, part)] for part in running]
            return [part for (part,) in each_part(f, self.classes, carried, add)]

        start = [(double.kind, double.zero)] * parts(f)
        found = f.loop(0, "%images", 1, image, start)
        return double.total(joined(found, partial(double.apply, "fadd")))

    def _smooth(self, double: Doubles, share: Value) -> Value:
        assert isinstance(self.loss, CrossEntropy | SequenceCrossEntropy)
        wide, smoothing = double.widen(share), self.loss.label_smoothing
        if not smoothing:
            return wide
        even = double.constant(smoothing / self.classes)
        return double.fma(double.constant(1.0 - smoothing), wide, even)

    def _weigh(self, double: Doubles, share: Value, c: Index) -> Value:
        if self.class_weights is None:
            return share
        weights = buffer(double.f, self.class_weights)
        return double.apply("fmul", share, double.load_vector(weights, c))

    def _sums(
        self,
        double: Doubles,
        count: int,
        body: Callable[[Index, Value | None, list[Value]], list[Value]],
    ) -> list[Value]:
        """Append a loop over vectors of classes that makes several sums; each in every lane."""
        f = double.f
        start = [[(double.kind, double.zero)] * count] * parts(f)
        found = zip(*each_part(f, self.classes, start, body), strict=True)
        return [double.total(joined(list(each), partial(double.apply, "fadd"))) for each in found]


def _larger(f: Function, a: Value, b: Value) -> Value:
    return f.choose(f.compare("ogt", a, b), a, b)


def _smaller(f: Function, a: Value, b: Value) -> Value:
    return f.choose(f.compare("olt", a, b), a, b)
