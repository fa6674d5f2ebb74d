"""What a service is started with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pellucid.serving.limits import Limits


@dataclass(frozen=True)
class Settings:
    """What a service is started with.

    Attributes:
        models: Where its models are, as :func:`pellucid.serving.sources.sources` takes them.
        engine: Who computes: ``"native"`` and so on.
        limits: What it accepts.
        host: Where it listens, as its user wrote it.
        names: Further names that it answers to.
        token: What every request must bring; None: anyone may ask.
        watch: How often to look for changed model files, in seconds; 0 for never.
        grace: Seconds in which it still answers once it is asked to end.
    """

    models: tuple[str, ...]
    engine: str
    limits: Limits
    host: str
    names: tuple[str, ...] = ()
    token: str | None = None
    watch: float = 0.0
    grace: float = 0.0
