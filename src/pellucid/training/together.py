"""A training by several processes: one keeps the run, and all stop and go on together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from pellucid.errors import ArgumentError
from pellucid.training.result import Keeper
from pellucid.training.stopping import Stopped, StopRequest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pellucid.engines import Program
    from pellucid.engines.ranks import Ranks
    from pellucid.training.checkpoint import Checkpoint
    from pellucid.training.result import Progress, TrainingResult, Underway, Watcher


class KeptByOne:
    """A watcher on every rank by which all keep the state, and stop, after the same step.

    Only rank 0 has a run's folder and writes in it. A signal to any of them stops all.

    Args:
        ranks: The processes.
        kept: The run's folder, on rank 0; none on others, and where no run is kept.
    """

    def __init__(self, ranks: Ranks, kept: Any = None) -> None:
        self._ranks, self._kept = ranks, kept
        self._request, self._code = StopRequest(again=True), 0
        self._waits, self._factor = False, 0.0

    def __enter__(self) -> Self:
        self._request.listen()
        return self

    def __exit__(self, *_: object) -> None:
        self._request.end()

    def begin(self, underway: Underway) -> None:
        """Show from where training goes on, on rank 0."""
        if self._kept is not None:
            self._kept.begin(underway)

    def after_step(self, progress: Progress) -> None:
        """Show how far it is, on rank 0; the state is kept by :meth:`keep`."""
        if self._kept is not None:
            self._kept.after_step(progress)

    def after_epoch(self, trained: TrainingResult, program: Program) -> None:
        """Show that an epoch is done, on rank 0; :meth:`keep` follows."""
        if self._kept is not None:
            self._kept.after_epoch(trained, program)

    def due(self) -> bool:
        """Whether any rank wants the state to be kept, or was asked to stop."""
        kept = self._kept
        own = kept is not None and kept.due()
        factor = None if kept is None else kept.factor()
        waits = kept is not None and kept.paused()
        due, waits, self._factor = self._agreed([float(own), float(waits), factor or 0.0])
        self._waits = waits > 0
        return due > 0 or self._code != 0

    def stopping(self) -> bool:
        """Whether any rank was asked to stop."""
        self._agreed([])
        return self._code != 0

    def doing(self, what: str) -> None:
        """Show what is done instead of steps, on rank 0."""
        if self._kept is not None:
            self._kept.doing(what)

    def factor(self) -> float | None:
        """What rank 0 was asked to multiply the learning rate with, on every rank."""
        factor, self._factor = self._factor, 0.0
        return factor or None

    def paused(self) -> bool:
        """Whether rank 0 was asked to let all wait."""
        return self._waits and not self._code

    def _agreed(self, of_the_leader: list[float]) -> list[float]:
        """Numbers that are 0 on all ranks but the first, and with which code all are to end."""
        codes = [0.0] * self._ranks.world
        own = 0 if self._kept is None else self._kept.code
        codes[self._ranks.rank] = self._request.code or own
        found = self._ranks.sum([*of_the_leader, *codes])
        self._code = int(max(found[len(of_the_leader) :]))
        return found[: len(of_the_leader)]

    def keep(self, checkpoint: Checkpoint) -> None:
        """Write what is new, on rank 0."""
        if self._kept is not None:
            self._kept.keep(checkpoint)

    def stop(self, checkpoint: Checkpoint) -> None:
        """End the training of all ranks.

        Raises:
            Stopped: Always; where a run is kept, with a line that says how to go on.
        """
        if self._kept is not None:
            try:
                self._kept.stop(checkpoint)
            except Stopped as stopped:
                raise Stopped(str(stopped), self._code) from None
        raise Stopped("stopped", self._code)


def check_watchers(watchers: Sequence[Watcher]) -> None:
    """Check that no watcher keeps the state by itself, which ranks do together.

    Raises:
        ArgumentError: If one does.
    """
    for watcher in watchers:
        if isinstance(watcher, Keeper):
            raise ArgumentError(
                f"{type(watcher).__name__} keeps a training's state, which processes that learn "
                "together cannot do apart; give out a folder instead"
            )
