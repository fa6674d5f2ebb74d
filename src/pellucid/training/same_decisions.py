"""Whether a run that is resumed goes on with the decisions that it began with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pellucid.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pellucid.data.decisions import Decisions


def check_same_decisions(
    decisions: Decisions | None, provenance: Mapping[str, Any], run: str
) -> None:
    """Raise ArgumentError unless decisions say what they did when a run began.

    Args:
        decisions: As they are now; None where there are none.
        provenance: The run's.
        run: What it is called in messages.
    """
    kept = provenance.get("decisions")
    began = kept.get("digest") if isinstance(kept, dict) else None
    now = None if decisions is None else decisions.digest
    if began == now:
        return
    if decisions is None:
        raise ArgumentError(
            f"{run}: began with decisions about pictures (digest {str(began)[:16]}), and none are "
            "given; give their file (--decisions)"
        )
    was = "without any" if began is None else f"with others (digest {str(began)[:16]})"
    raise ArgumentError(
        f"{run}: began {was}, and {decisions.name} now says something else (digest "
        f"{decisions.digest[:16]}); bring back the file as it was, or begin a new run from this "
        "one with --start-from"
    )
