"""Batch norms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.engines.native.describe import any_stage
from pellucid.engines.native.describe.subject import FLOAT, Description

if TYPE_CHECKING:
    from pellucid.engines.native.describe.subject import Subject

MEETING = "a batch's statistics need all its images, so that threads wait for each other here"


def forward(s: Subject) -> Description:
    """One affine map a channel, at inference and once a batch's statistics are known."""
    pooled = s.stage.pool is not None and s.training
    plain = any_stage.forward(s)
    written = plain.bytes_written + (s.winners if pooled else 0)
    return Description("affine map", None, plain.layout, plain.bytes_read, written)


def sums(s: Subject) -> Description:
    """Each image's mean and squared deviations."""
    return Description(
        "sums over positions",
        bytes_read=s.values(*s.stage.sources),
        bytes_written=_image_sums(s),
        notes=("reads each image twice, the mean first: exact also far from zero",),
    )


def join(s: Subject) -> Description:
    """All images' sums to the batch's."""
    return Description("sums over images", bytes_read=_image_sums(s), notes=(MEETING,))


def gradient_sums(s: Subject) -> Description:
    """Each image's part of the gradients at γ and β."""
    return Description("sums over positions", bytes_read=_back(s), bytes_written=_image_sums(s))


def back(s: Subject) -> Description:
    """The gradient at what was normalised."""
    layout = s.code.plan.gradients[s.stage.sources[0]].layout
    return Description("affine map", None, layout, _back(s), s.gradients(*s.stage.sources))


def _back(s: Subject) -> int:
    """Bytes of ∂z, y, and what decides where ∂z goes: the winners, or where z is positive."""
    decides = s.values(s.stage.target) if s.stage.rectify else 0
    if s.stage.pool is not None:
        decides = s.winners
    return s.gradients(s.stage.target) + s.values(*s.stage.sources) + decides


def _image_sums(s: Subject) -> int:
    return 2 * FLOAT * s.images * s.code.plan.values[s.stage.target].layout.pitch
