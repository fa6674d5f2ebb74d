"""A trace as HTML: every step with its maps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.explain.pages.numbers import figure, percent
from pellucid.explain.pages.page import fragment, image, legend, table, text
from pellucid.explain.pages.sheet import map_sheet, pixel_sheet
from pellucid.ops.operation import describe
from pellucid.text import counted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pellucid.explain.steps import Step
    from pellucid.explain.trace import Trace


def trace_html(trace: Trace) -> str:
    """All steps in order, then the guesses."""
    return fragment(_parts(trace))


def _parts(trace: Trace) -> Iterable[str]:
    yield "<h2>From the picture to the answer</h2>"
    rows = [(guess.name, percent(guess.probability)) for guess in trace.guesses()]
    yield table(["guess", "probability"], rows, "guesses")
    yield legend()
    for step in trace.steps:
        title = step.title[0].upper() + step.title[1:]
        yield f"<h3>{text(title)} — {text(step.name)}</h3>"
        came = f" of {text(', '.join(step.inputs))}" if step.inputs else ""
        yield (
            f"<p>{text(step.kind)}{came}: {describe(step.shape)}, from {figure(step.lowest)} to "
            f"{figure(step.highest)}</p>"
        )
        yield _picture(step)


def _picture(step: Step) -> str:
    if step.node is None:
        return image(pixel_sheet(step.activations.pixels), "the picture, and its channels")
    maps = counted(step.shape[-1], "feature map" if len(step.shape) == 3 else "value")
    says = f"{maps} of {step.name}, from {figure(step.lowest)} to {figure(step.highest)}"
    return image(map_sheet(step.values), says)
