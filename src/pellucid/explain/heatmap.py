"""A heatmap: what each pixel has to do with a score, and how far that may be believed."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pellucid.explain.emptiness import emptiness, strongest
from pellucid.explain.records import number, numbers, record
from pellucid.numerals import figure
from pellucid.record import Record
from pellucid.renamed import OldAttribute
from pellucid.short_repr import short_repr
from pellucid.text import printable

if TYPE_CHECKING:
    from pellucid.explain.emptiness import Emptiness
    from pellucid.explain.methods import Method
    from pellucid.explain.score import Score
    from pellucid.ops.operation import Array


@short_repr
@dataclass(frozen=True, eq=False)
class Heatmap(Record):
    """One method's answer to one scored.

    Attributes:
        scored: The picture, the network and the score that was explained.
        method: How it was made, and what that can and cannot claim.
        values: float64 (H, W), one value a pixel; positive speaks for the score, and negative, if
            the method is signed, against it.
        score: The score itself, as the engine computed it.
        channels: The same for each channel alone, (H, W, C), where the method has that.
        coarse: The map as it was before it was brought to the picture's size, (h, w).
        layer: The layer that was looked into, where the method does that.
        settings: The options that the method was given, and what else it found.
        remark: What should be said beside the picture.
        if_empty: Why the values are 0 everywhere, should they be; none: the method's own reason.
        if_constant: Why they are the same everywhere, should they be.
        engine: Who computed the values, and in what precision; empty: the program that predicts,
            which computes the score in any case.
    """

    record_kind: ClassVar[str] = "heatmap"
    scored: Score
    method: Method
    values: Array
    score: float
    channels: Array | None = None
    coarse: Array | None = None
    layer: str | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    remark: str = ""
    if_empty: str = ""
    if_constant: str = ""
    engine: str = ""

    question = OldAttribute("scored")

    @cached_property
    def empty(self) -> Emptiness | None:
        """Why the map says nothing (0, constant or not finite) and what does; none if it does."""
        return emptiness(self)

    @property
    def found(self) -> str:
        """What there is to see, in a line: the values' range and the largest; or why nothing is."""
        if self.empty is not None:
            return self.empty.line
        row, column = strongest(self.values)
        low, high = float(self.values.min()), float(self.values.max())
        ends = f"values {figure(low, '.4g')} to {figure(high, '.4g')}"
        return f"{ends}; the largest at row {row}, column {column}"

    @property
    def remarks(self) -> list[str]:
        """What should be said beside the picture, line by line."""
        own = self.empty and self.empty.line, self.remark, self.scored.held_words
        return [line for line in own if line]

    @property
    def target(self) -> str:
        """The class that was asked for."""
        return self.scored.target_name

    @property
    def against(self) -> str | None:
        """The class that it was compared with."""
        return self.scored.against_name

    @property
    def can(self) -> str:
        """What the heatmap can claim."""
        return self.method.can

    @property
    def cannot(self) -> str:
        """What it cannot."""
        return self.method.cannot

    @property
    def title(self) -> str:
        """Method, layer and score in one line."""
        layer = "" if self.layer is None else f" at {printable(self.layer)}"
        words = f"{self.method.name}{layer}: {self.scored.wording} = {figure(self.score, '.4g')}"
        unit = self.scored.output.logarithm_of
        return f"{words}, of {figure(math.exp(self.score), '.4g')} {unit}" if unit else words

    def to_dict(self) -> dict[str, Any]:
        """The heatmap as JSON values, see docs/heatmaps.md."""
        return record(
            "heatmap",
            method=self.method.name,
            layer=self.layer,
            target=self.target,
            against=self.against,
            box=None if self.scored.box is None else self.scored.box.to_dict(),
            at=list(self.scored.at),
            score=number(self.score),
            engine=self.engine or self.scored.activations.engine,
            score_engine=self.scored.activations.engine,
            signed=self.method.signed,
            values=numbers(self.values),
            channels=None if self.channels is None else numbers(self.channels),
            coarse=None if self.coarse is None else numbers(self.coarse),
            can=self.can,
            cannot=self.cannot,
            insensitive=self.method.insensitive,
            settings={name: numbers(value) for name, value in self.settings.items()},
            remark=self.remark,
            empty=None if self.empty is None else self.empty.to_dict(),
        )


def sum_of_channels(channels: Array) -> Array:
    """A map (H, W) of a map (H, W, C)."""
    return np.asarray(channels.sum(axis=-1), np.float64)


def heatmap_of(scored: Score, method: Method, channels: Array, **found: Any) -> Heatmap:
    """The map that sums channels (H, W, C), beside the score; with what else a method found."""
    score = float(scored.of_images(scored.image[None])[0])
    return Heatmap(scored, method, sum_of_channels(channels), score, channels=channels, **found)
