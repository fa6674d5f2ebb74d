"""One side of a task made ready to be measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from benchmarks.twins import TASKS

if TYPE_CHECKING:
    from benchmarks.twins import Array


class Learner(Protocol):
    """Either side."""

    def step(self) -> dict[str, float]:
        """All steps of a batch, one after the other; the losses of each."""

    def gradients(self) -> dict[str, Array]:
        """∂loss/∂weight of each step from the same weights, by step and weight."""


def prepare(contender: str, name: str, threads: int) -> tuple[Learner, int]:
    """A contender that learns a task, and the examples that it takes a step.

    Args:
        contender: A name of :data:`benchmarks.twins.CONTENDERS`.
        name: Of the task.
        threads: How many it may use.
    """
    task = TASKS[name]
    if contender == "native":
        from benchmarks.twins.own import Own

        own = Own(task, task.optimizer, small=False)
        return own, own.count
    import torch

    from benchmarks.twins.peer import Peer

    torch.set_num_threads(threads)
    torch.set_flush_denormal(True)
    lesson = task.lesson(task.optimizer)
    return Peer(task, task.optimizer, lesson.feeds, mode=contender), lesson.count
