"""Optimizers against torch.optim, step by step, in float64."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from pellucid.optimizers import SGD, Adam, AdamW, Optimizer, clip_by_norm
from tests.ops.tolerances import TOLERANCES, assert_close

if TYPE_CHECKING:
    from collections.abc import Callable

    from pellucid.ops.operation import Array

torch.set_num_threads(1)

STEPS = 20
RATE = 0.05


@dataclass(frozen=True)
class Peer:
    """An optimizer and its like in PyTorch, made with (parameters, learning rate, weight decay)."""

    rule: Optimizer
    make: Callable[[Any, float, float], torch.optim.Optimizer]

    def __str__(self) -> str:
        return str(self.rule)


PEERS = [
    Peer(SGD(momentum=0.0), lambda w, lr, wd: torch.optim.SGD(w, lr, weight_decay=wd)),
    Peer(SGD(0.1, momentum=0.0), lambda w, lr, wd: torch.optim.SGD(w, lr, weight_decay=wd)),
    Peer(SGD(), lambda w, lr, wd: torch.optim.SGD(w, lr, 0.9, weight_decay=wd)),
    Peer(SGD(0.1, momentum=0.7), lambda w, lr, wd: torch.optim.SGD(w, lr, 0.7, weight_decay=wd)),
    Peer(
        SGD(nesterov=True),
        lambda w, lr, wd: torch.optim.SGD(w, lr, 0.9, weight_decay=wd, nesterov=True),
    ),
    Peer(
        SGD(0.2, momentum=0.5, nesterov=True),
        lambda w, lr, wd: torch.optim.SGD(w, lr, 0.5, weight_decay=wd, nesterov=True),
    ),
    Peer(Adam(), lambda w, lr, wd: torch.optim.Adam(w, lr, weight_decay=wd)),
    Peer(
        Adam(0.3, None, 0.5, 0.75, 1e-2),
        lambda w, lr, wd: torch.optim.Adam(w, lr, (0.5, 0.75), 1e-2, weight_decay=wd),
    ),
    Peer(AdamW(), lambda w, lr, wd: torch.optim.AdamW(w, lr, weight_decay=wd)),
    Peer(
        AdamW(0.3, None, 0.5, 0.75, 1e-2),
        lambda w, lr, wd: torch.optim.AdamW(w, lr, (0.5, 0.75), 1e-2, weight_decay=wd),
    ),
]


def start(dtype: str = "float64") -> tuple[Array, Array, list[tuple[Array, Array]], list[float]]:
    """A kernel, a bias, gradients for each of the steps, and a learning rate for each."""
    random = np.random.default_rng(7)
    kernel, bias = random.normal(size=(3, 4)), random.normal(size=4)
    gradients = [(random.normal(size=(3, 4)), random.normal(size=4)) for _ in range(STEPS)]
    rates = [RATE * (1 - step / STEPS) for step in range(STEPS)]
    typed = [(k.astype(dtype), b.astype(dtype)) for k, b in gradients]
    return kernel.astype(dtype), bias.astype(dtype), typed, rates


def memory_of(rule: Optimizer, weight: Array) -> dict[str, Array]:
    return {slot: np.zeros_like(weight) for slot in rule.slots}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("peer", PEERS, ids=str)
def test_twenty_steps_against_torch(peer: Peer, dtype: str) -> None:
    check_peer(peer.rule, peer, dtype)


def check_peer(rule: Optimizer, peer: Peer, dtype: str) -> None:
    """A rule goes where PyTorch's goes. The kernel decays, the bias does not; the learning rate
    changes from step to step.
    """
    kernel, bias, gradients, rates = start(dtype)
    theirs = [torch.tensor(kernel), torch.tensor(bias)]
    optimizer = peer.make(
        [{"params": theirs[:1]}, {"params": theirs[1:], "weight_decay": 0.0}],
        RATE,
        peer.rule.weight_decay,
    )
    ours = [(kernel, memory_of(rule, kernel), True), (bias, memory_of(rule, bias), False)]
    for step, (pair, rate) in enumerate(zip(gradients, rates, strict=True), start=1):
        for group in optimizer.param_groups:
            group["lr"] = rate
        for tensor, gradient in zip(theirs, pair, strict=True):
            tensor.grad = torch.tensor(gradient)
        optimizer.step()
        for (weight, memory, decays), gradient in zip(ours, pair, strict=True):
            rule.update(weight, gradient, memory, learning_rate=rate, step=step, decays=decays)
        for (weight, _, _), tensor in zip(ours, theirs, strict=True):
            assert weight.dtype == np.dtype(dtype)
            assert_close(weight, tensor.numpy(), dtype, about=f"step {step}")


@pytest.mark.parametrize("peer", PEERS, ids=str)
def test_only_the_weight_and_its_memory_change(peer: Peer) -> None:
    kernel, _, gradients, _ = start()
    gradient = gradients[0][0]
    before = gradient.copy()
    memory = memory_of(peer.rule, kernel)
    arrays = dict(memory)
    peer.rule.update(kernel, gradient, memory, learning_rate=RATE, step=1, decays=True)
    np.testing.assert_array_equal(gradient, before)
    assert all(memory[slot] is arrays[slot] for slot in peer.rule.slots)  # in place
    assert memory.keys() == set(peer.rule.slots)


def one_step(rule: Optimizer, decays: bool = True) -> float:
    weight = np.array([2.0])
    memory = memory_of(rule, weight)
    rule.update(weight, np.array([4.0]), memory, learning_rate=0.5, step=1, decays=decays)
    return float(weight[0])


@pytest.mark.parametrize(
    ("rule", "decays", "expected"),
    [
        (SGD(momentum=0.9), True, 2 - 0.5 * 4),
        (SGD(0.25, momentum=0.9), True, 2 - 0.5 * (4 + 0.25 * 2)),
        (SGD(0.25, momentum=0.9), False, 2 - 0.5 * 4),
        (SGD(momentum=0.9, nesterov=True), True, 2 - 0.5 * (4 + 0.9 * 4)),
        # The first step of Adam is the sign of the gradient, whatever its size.
        (Adam(epsilon=1e-16), True, 2 - 0.5),
        (AdamW(0.25, epsilon=1e-16), True, 2 - 0.5 * 0.25 * 2 - 0.5),
        (AdamW(0.25, epsilon=1e-16), False, 2 - 0.5),
    ],
    ids=str,
)
def test_the_first_step_by_hand(rule: Optimizer, decays: bool, expected: float) -> None:
    assert one_step(rule, decays) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("length", [0.01, 1.0, 3.0, 1e3])
def test_clipping_against_torch(length: float, dtype: str) -> None:
    random = np.random.default_rng(3)
    gradients = [random.normal(size=s).astype(dtype) for s in ((3, 4), (4,), (2, 1, 3))]
    weights = [torch.nn.Parameter(torch.zeros(g.shape, dtype=torch.float64)) for g in gradients]
    for weight, gradient in zip(weights, gradients, strict=True):
        weight.grad = torch.tensor(gradient.astype(np.float64))
    norm = float(torch.nn.utils.clip_grad_norm_(weights, length))
    factor = clip_by_norm(gradients, length)
    if norm <= length:
        assert factor == 1.0
        return
    assert factor == pytest.approx(length / norm, rel=TOLERANCES[dtype])
    for weight, gradient in zip(weights, gradients, strict=True):
        assert weight.grad is not None
        # PyTorch divides by norm + 1e-6, to be safe from a norm of 0, which is never clipped here.
        theirs = weight.grad.numpy() * (norm + 1e-6) / norm
        assert_close(gradient * factor, theirs, dtype)


def test_clipping_by_hand() -> None:
    gradients = [np.array([3.0]), np.array([[0.0, 4.0]])]
    assert clip_by_norm(gradients, 2.5) == 0.5
    assert clip_by_norm(gradients, 5.0) == 1.0
    assert clip_by_norm(gradients, None) == 1.0
    assert clip_by_norm([np.zeros(3)], 1e-9) == 1.0
    assert clip_by_norm([], 1.0) == 1.0


def test_clipping_of_gradients_whose_squares_overflow_float32() -> None:
    gradients = [np.full(4, 1e30, np.float32)]
    assert clip_by_norm(gradients, 1.0) == pytest.approx(0.5e-30, rel=1e-6)
