"""Options that size a captioner, and that look into captions."""

from __future__ import annotations

from typing import Annotated

import typer

from pellucid.cli import arguments

Cell = Annotated[
    str | None,
    typer.Option(
        help="For captions: the recurrent layer that reads words, gru or lstm.",
        **arguments.named("cell", ("gru", "lstm")), show_default="gru",
    ),
]  # fmt: skip
Hidden = Annotated[
    int | None,
    typer.Option(
        min=1, max=4096, help="For captions: units of the recurrent layer.", show_default="256"
    ),
]
EmbeddingSize = Annotated[
    int | None,
    typer.Option(
        "--embedding", min=1, max=4096, help="For captions: numbers of a word.", show_default="128"
    ),
]
DropoutShare = Annotated[
    float | None,
    typer.Option(
        "--dropout", min=0.0, max=0.9,
        help="For captions: the share of numbers that are left out in training.",
        show_default="0.5",
    ),
]  # fmt: skip
LeastCount = Annotated[
    int | None,
    typer.Option(
        min=1, help="For captions: how often a word must be seen to be known.", show_default="3"
    ),
]
Word = Annotated[
    int | None,
    typer.Option(
        min=1, help="Of captions and speech to text: open this word, the first being 1.",
        show_default=False,
    ),
]  # fmt: skip
Beam = Annotated[
    int | None,
    typer.Option(
        min=1, max=100,
        help="Of captions: how many beginnings are followed at once; 1 takes the likeliest word "
        "each time.",
        show_default="the model's own",
    ),
]  # fmt: skip
Second = Annotated[
    float | None,
    typer.Option(
        help="Of speech to text: the output at this time, in seconds.", show_default=False
    ),
]
