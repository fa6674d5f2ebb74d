"""Captioners that can be opened up: why each word was written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pellucid.estimators.paged import PagedEstimator
from pellucid.explain.caption_trace import CaptionTrace, trace_caption

if TYPE_CHECKING:
    from pellucid.data.preprocessing import Picture
    from pellucid.explain.evidence import Evidence
    from pellucid.explain.heatmap import Heatmap


class OpenCaptioner(PagedEstimator):
    """A captioner whose words can be looked into, one by one."""

    def trace(  # type: ignore[override]
        self, picture: Picture, *, whole: bool = False, beam: int | None = None
    ) -> CaptionTrace:
        """The caption of a picture, word by word: probabilities, what else, why, and where.

        ``trace.word(2)`` opens the third word: every number between picture and logits.

        Args:
            picture: A path, the bytes of a file, a Pillow image or pixels (H, W) or (H, W, C).
            whole: Makes no difference to captions; ``trace.word(2, whole=True)`` does.
            beam: How many beginnings are followed, 1 to 100; none: as the setting says.
        """
        return trace_caption(self, picture, self.engine, beam=beam)

    def explain(  # type: ignore[override]
        self,
        picture: Picture,
        method: str = "evidence",
        *,
        word: int | None = None,
        target: str | None = None,
        against: str | None = None,
        beam: int | None = None,
        **options: Any,
    ) -> Heatmap | Evidence:
        """Why a word of the caption was written: evidence that adds up, or a heatmap.

        Args:
            picture: As in :meth:`trace`.
            method: A name of :data:`pellucid.explain.methods.METHODS`. Evidence is exact for where
                the word looked; the others, and evidence by tangents, also take into account that
                other pixels would have made it look elsewhere.
            word: Which, from 0; none: the one to whose lead the picture adds most.
            target: Another word in its place; none: the one that was written.
            against: What it is compared with; none: for evidence the likeliest other.
            beam: As in :meth:`trace`.
            options: The method's own, e.g. ``size=16`` for occlusion.

        Raises:
            ArgumentError: If there is no such word, method or option.
        """
        found = trace_caption(self, picture, self.engine, beam=beam)
        return found.explain(word, method, target=target, against=against, **options)
