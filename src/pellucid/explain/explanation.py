"""Explain an answer by any of the methods."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from pellucid.errors import ArgumentError
from pellucid.explain.methods import EVIDENCE, METHODS
from pellucid.explain.score import choose_score
from pellucid.known_names import find_name

if TYPE_CHECKING:
    from pellucid.explain.activations import Activations
    from pellucid.explain.evidence import Evidence
    from pellucid.explain.heatmap import Heatmap


def explain(
    activations: Activations,
    method: str = EVIDENCE.name,
    *,
    target: str | int | None = None,
    against: str | int | None = None,
    box: int | None = None,
    number: str | None = None,
    place: tuple[float, float] | None = None,
    word: int | None = None,
    second: float | None = None,
    **options: Any,
) -> Heatmap | Evidence:
    """Explain why a network answers as it does.

    Args:
        activations: The picture in its network.
        method: One of :data:`~pellucid.explain.methods.METHODS`.
        target: The class in question; none: the network's answer.
        against: The class to compare it with; none: no other, for evidence the likeliest other one.
        box: Of detectors, which of the boxes that were found, from 0; none: the most probable.
        number: Of detectors, which distance of the box; none: its class.
        place: Of detectors, a place instead of a box, see
            :func:`pellucid.explain.score.choose_score`.
        word: Of speech to text, which of the words that were written, from 0; none: the most
            probable.
        second: Of speech to text, a time instead.
        options: The method's own: ``layer``, ``size``, ``steps`` and so on. None means the
            default.

    Returns:
        Evidence for ``"evidence"``, else a heatmap.

    Raises:
        ArgumentError: If the method, a class, an option or a layer is unknown or does not fit.
    """
    method = find_name("method", method, METHODS)
    function = METHODS[method].function
    known = [name for name in inspect.signature(function).parameters if name != "scored"]
    given = {name: value for name, value in options.items() if value is not None}
    for name in given:
        if name not in known:
            takes = f"it takes {', '.join(known)}" if known else "it takes none"
            raise ArgumentError(f"{method} has no option {name!r:.80}; {takes}")
    compared = method == EVIDENCE.name
    scored = choose_score(
        activations,
        target=target,
        against=against,
        compared=compared,
        box=box,
        number=number,
        place=place,
        word=word,
        second=second,
    )
    found: Heatmap | Evidence = function(scored, **given)
    return found
