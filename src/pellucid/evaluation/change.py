"""An answer that is another one than before."""

from __future__ import annotations

from dataclasses import dataclass

from pellucid.text import printable

CORRECTED, BROKEN, OTHER = "corrected", "broken", "still wrong"

WAYS = (BROKEN, CORRECTED, OTHER)
"""How an answer that is right or wrong changes: right before and wrong now; wrong before and right
now; wrong both times, in another way."""

WORSE, BETTER = "worse", "better"

ERROR_WAYS = (WORSE, BETTER, OTHER)
"""How an answer that is more or less wrong changes: farther off than before; nearer; as far off, in
another way."""

COLUMNS = (
    "path", "true", "way", "before", "confidence_before", "error_before",
    "after", "confidence_after", "error_after",
)  # fmt: skip
"""What a table has of each change."""


@dataclass(frozen=True)
class Change:
    """An answer that is another one than before.

    Attributes:
        path: What the picture is called.
        index: Which of the pictures that judge, from 0.
        true: What it is labelled with, by the decisions; of several labels the one in question,
            ``without cat``.
        before: What was answered.
        after: What is answered now.
        way: One of :data:`WAYS`, or, of answers that are more or less wrong, of
            :data:`ERROR_WAYS`.
        confidence_before: The answer's probability then, 0 to 1; None of numbers, boxes and texts.
        confidence_after: Its probability now.
        error_before: How wrong the answer was, from 0; None of answers that are right or wrong.
        error_after: How wrong it is now.
    """

    path: str
    index: int
    true: str
    before: str
    after: str
    way: str
    confidence_before: float | None = None
    confidence_after: float | None = None
    error_before: float | None = None
    error_after: float | None = None

    @property
    def weight(self) -> float:
        """How sure the answer is now, or how much farther off or nearer: what is listed first."""
        if self.error_before is not None and self.error_after is not None:
            return abs(self.error_after - self.error_before)
        return self.confidence_after or 0.0

    @property
    def line(self) -> str:
        """It in one line."""
        return (
            f"{self.way}: {printable(self.path)} is {printable(self.true)}; before {self.was}, "
            f"now {self.now}"
        )

    @property
    def was(self) -> str:
        """What was answered, with its probability or error."""
        return _with_measure(self.before, self.confidence_before, self.error_before)

    @property
    def now(self) -> str:
        """What is answered now, with its probability or error."""
        return _with_measure(self.after, self.confidence_after, self.error_after)

    @property
    def cells(self) -> tuple[str | float | None, ...]:
        """It as the columns of a table."""
        return tuple(getattr(self, name) for name in COLUMNS)


def _with_measure(answer: str, confidence: float | None, error: float | None) -> str:
    if confidence is not None:
        return f"{printable(answer)} ({confidence:.1%})"
    return printable(answer) if error is None else f"{printable(answer)} (error {error:.3g})"
