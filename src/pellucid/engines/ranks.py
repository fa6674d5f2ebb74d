"""Processes that learn together: each computes a part of every batch, and all have one network.

A process is called a rank, by its number, as in MPI and PyTorch. What holds for all of them is
agreed on by sums, in the same order everywhere, so that every rank takes the same decisions.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pellucid.errors import ArgumentError, PellucidError
from pellucid.launched import Launched, launched, missing_variables

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class RankLostError(PellucidError):
    """Another of the processes that learn together has ended, or cannot be reached."""


class Ranks:
    """One process alone, the default; a subclass has others to talk to.

    Attributes:
        rank: This one's number, 0 .. world − 1; 0 writes files, prints and reports.
        world: How many there are.
        transport: What numbers are exchanged by; empty where there is nobody.
    """

    rank: int = 0
    world: int = 1
    transport: str = ""

    @property
    def leads(self) -> bool:
        """Whether this rank writes files, prints and reports."""
        return self.rank == 0

    def sum(self, values: Sequence[float]) -> list[float]:
        """The sum over all ranks of each of some numbers, float64; all give as many."""
        return [float(value) for value in values]

    def gather(self, value: Any) -> list[Any]:
        """What each rank gives, in the order of ranks: any plain value or array."""
        return [value]

    def part(self, count: int) -> slice:
        """Which of some places in order are this rank's: as many for each, or one more."""
        return part_of(count, self.rank, self.world)

    @contextmanager
    def leader_first(self) -> Iterator[None]:
        """Let one process of each machine do something before the others do it."""
        yield

    def claim(self) -> bool:
        """Whether this rank is the first to report that something is wrong."""
        return True

    def check_same(self, value: object, what: str) -> None:
        """Check that all ranks have the same value, by its text.

        Raises:
            ArgumentError: Naming the first rank that has another.
        """
        texts = self.gather(str(value))
        for rank, text in enumerate(texts):
            if text != texts[0]:
                raise ArgumentError(
                    f"rank {rank} has other {what} than rank 0; give all machines the same files "
                    "and settings"
                )


ALONE = Ranks()
"""One process alone."""


def part_of(count: int, rank: int, world: int) -> slice:
    """The places of a rank among some in order, which ranks share as evenly as can be."""
    return slice(rank * count // world, (rank + 1) * count // world)


def started_together() -> Launched | None:
    """Which of several processes this one is; None where it was started alone.

    Raises:
        ArgumentError: If the environment says that there are several, but not all that is needed.
    """
    found = launched()
    if found is not None and not 0 <= found.rank < found.world:
        raise ArgumentError(
            f"RANK is {found.rank}, expected 0 to {found.world - 1} as WORLD_SIZE is "
            f"{found.world}; start with torchrun, which sets both"
        )
    if missing := missing_variables():
        raise ArgumentError(
            f"WORLD_SIZE says that several processes were started, but {', '.join(missing)} "
            f"{'are' if len(missing) > 1 else 'is'} not set, or no number; start with torchrun, "
            "which sets all, or unset WORLD_SIZE"
        )
    return found


def refuse_several(what: str) -> None:
    """Check that this process was started alone.

    Args:
        what: What one process does: ``"a generator learns"``.

    Raises:
        ArgumentError: If it is one of several, or the environment says so by half.
    """
    if (found := started_together()) is not None:
        raise ArgumentError(
            f"{found.world} processes were started together, but {what} in one; start it without "
            "torchrun"
        )
