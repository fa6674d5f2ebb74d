"""What people decided about pictures, and what it does to the data they are in."""

from pellucid.data.decisions.decision import (
    KEEP,
    LEAVE_OUT,
    MOVE,
    Decision,
    Decisions,
    decisions_csv,
    read_decisions,
)

__all__ = [
    "KEEP",
    "LEAVE_OUT",
    "MOVE",
    "Decision",
    "Decisions",
    "decisions_csv",
    "read_decisions",
]
