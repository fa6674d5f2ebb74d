"""Options that size a generator."""

from __future__ import annotations

from typing import Annotated

import typer

Latent = Annotated[
    int | None,
    typer.Option(
        min=1, max=4096, help="To generate: how many numbers a picture is made of.",
        show_default="100",
    ),
]  # fmt: skip
Width = Annotated[
    int | None,
    typer.Option(
        min=1, max=1024,
        help="To generate: channels of the discriminator's first feature map; the generator's are "
        "twice as many.",
        show_default="32",
    ),
]  # fmt: skip
