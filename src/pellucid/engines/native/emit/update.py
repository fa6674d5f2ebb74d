"""The optimizer's step on one vector of weights; for formulas see :mod:`pellucid.optimizers`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.engines.native.emit.schedule_builder import buffer
from pellucid.optimizers import SGD, Adam

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.optimizers import Optimizer

RATE, CLIP, MEAN_SCALE, ROOT_SCALE = range(4)
"""Which of a step's numbers is which: the learning rate; the factor that clips the gradient; Adam's
1/(1 − β₁ᵗ) and 1/√(1 − β₂ᵗ)."""


def write_scalars(
    scalars: NDArray[np.float32], optimizer: Optimizer, learning_rate: float, step: int
) -> None:
    """Set the numbers of a step, numbered from 1; what clips the gradient is found on the way."""
    scalars[RATE] = learning_rate
    if isinstance(optimizer, Adam):
        scalars[MEAN_SCALE] = 1.0 / (1.0 - optimizer.beta1**step)
        scalars[ROOT_SCALE] = (1.0 - optimizer.beta2**step) ** -0.5


def update_vector(
    f: Function,
    optimizer: Optimizer,
    weights: Value,
    gradient: Value,
    memory: list[Value],
    at: Index,
    scalars: int,
    *,
    decays: bool,
) -> None:
    """Append the code of one step on the vector at an offset of weights and memory."""

    def number(which: int) -> Value:
        return f.broadcast(f.load(buffer(f, scalars, which)))

    weight = f.load_vector(weights, at)
    if optimizer.clip_norm is not None:
        gradient = f.vector("fmul", gradient, number(CLIP))
    decay = optimizer.weight_decay if decays else 0.0
    rate = number(RATE)
    if decay and not (isinstance(optimizer, Adam) and optimizer.decoupled):
        gradient = f.fma(f.constant(decay), weight, gradient)
    if isinstance(optimizer, SGD):
        momentum = f.constant(optimizer.momentum)
        velocity = f.fma(momentum, f.load_vector(memory[0], at), gradient)
        f.store_vector(velocity, memory[0], at)
        step = f.fma(momentum, velocity, gradient) if optimizer.nesterov else velocity
        change = f.vector("fmul", rate, step)
    elif isinstance(optimizer, Adam):
        if decay and optimizer.decoupled:
            shrink = f.vector("fmul", rate, f.constant(decay))
            weight = f.vector("fsub", weight, f.vector("fmul", shrink, weight))
        mean = _moving(f, optimizer.beta1, memory[0], gradient, at)
        square = _moving(f, optimizer.beta2, memory[1], f.vector("fmul", gradient, gradient), at)
        below = f.fma(f.square_root(square), number(ROOT_SCALE), f.constant(optimizer.epsilon))
        unbiased = f.vector("fmul", mean, number(MEAN_SCALE))
        change = f.vector("fdiv", f.vector("fmul", rate, unbiased), below)
    else:
        raise TypeError(f"no code for the optimizer {optimizer.kind}")
    f.store_vector(f.vector("fsub", weight, change), weights, at)


def _moving(f: Function, beta: float, place: Value, new: Value, at: Index) -> Value:
    """β·old + (1 − β)·new, stored and returned."""
    old = f.vector("fmul", f.constant(beta), f.load_vector(place, at))
    average = f.fma(f.constant(1.0 - beta), new, old)
    f.store_vector(average, place, at)
    return average
