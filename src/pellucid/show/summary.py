"""A network's layers and what they cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.ops.operation import describe
from pellucid.show import document as d
from pellucid.show.network.svg import network_svg
from pellucid.text import counted

if TYPE_CHECKING:
    from pellucid.graph import Summary


def summary_document(summary: Summary) -> d.Document:
    """A row a layer: output shape, parameters, multiply-adds, receptive field."""
    inputs = summary.graph.inputs
    rows = [
        *((name, "", describe(each.shape), "", "", "") for name, each in inputs.items()),
        *(
            (
                row.layer,
                row.kind,
                describe(row.output_shape),
                f"{row.parameters:,}" if row.parameters else "",
                f"{row.multiply_adds:,}" if row.multiply_adds else "",
                "" if row.receptive_field is None else describe(row.receptive_field),
            )
            for row in summary.rows
        ),
        ("total", "", "", f"{summary.parameters:,}", f"{summary.multiply_adds:,}", ""),
    ]
    heads = ("layer", "operation", "output", "parameters", "multiply-adds", "sees")
    return d.Document(
        f"{summary.parameters:,} parameters, {summary.multiply_adds:,} multiply-adds a picture",
        (
            d.Diagram(summary.graph, drawing_words(summary)),
            d.Table("layers", heads, rows, left=2, totals=1),
            d.Text("output: rows×columns×channels"),
            d.Text("sees: the receptive field, rows×columns in pixels of the input"),
        ),
    )


def summary_svg(summary: Summary) -> str:
    """The network drawn, as an SVG file."""
    return network_svg(summary.graph, drawing_words(summary))


def drawing_words(summary: Summary) -> str:
    """What the drawing shows, in words."""
    return (
        f"a network of {counted(len(summary.rows), 'layer')} "
        f"and {counted(summary.parameters, 'parameter')}, drawn"
    )
