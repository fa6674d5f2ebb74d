"""Which of several processes this one is, as ``torchrun`` says it in the environment."""

from __future__ import annotations

import os
from dataclasses import dataclass

_NEEDED = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT")


@dataclass(frozen=True)
class Launched:
    """One process of several that were started together.

    Attributes:
        rank: Which it is, 0 .. world − 1.
        world: How many there are, on all machines.
        local_rank: Which it is on its own machine, from 0; also the number of its GPU.
    """

    rank: int
    world: int
    local_rank: int


def launched() -> Launched | None:
    """Which process this is; None where it was started alone."""
    try:
        values = {name: os.environ[name] for name in _NEEDED}
        found = Launched(*(int(values[name]) for name in _NEEDED[:3]))
    except (KeyError, ValueError):
        return None
    return found if found.world > 1 else None


def missing_variables() -> tuple[str, ...]:
    """What is not set, or no number, where ``WORLD_SIZE`` says that there are several processes."""
    if not _is_number("WORLD_SIZE") or int(os.environ["WORLD_SIZE"]) < 2:
        return ()
    return tuple(
        name for name in _NEEDED
        if not (os.environ.get(name) if name == "MASTER_ADDR" else _is_number(name))
    )  # fmt: skip


def _is_number(name: str) -> bool:
    return os.environ.get(name, "").isdecimal()
