"""Options of the torch engine, and what is said of a training by several processes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pellucid.cli.arguments import chosen
from pellucid.engines import parse_engine
from pellucid.errors import ArgumentError

if TYPE_CHECKING:
    from pellucid.engines.ranks import Ranks

Precision = Literal["float32", "bfloat16"]

PrecisionName = Annotated[
    Precision | None,
    typer.Option(
        help="What steps of the torch engine compute in.", show_default="float32",
        **chosen("precision", Precision),
    ),
]  # fmt: skip
Compile = Annotated[
    bool, typer.Option("--compile", help="Compile steps of the torch engine by torch.compile.")
]
ChannelsLast = Annotated[
    bool | None,
    typer.Option(
        "--channels-last/--no-channels-last",
        help="How the torch engine's feature maps lie in memory.",
        show_default="channels last",
    ),
]
SyncBatchNorm = Annotated[
    bool,
    typer.Option(
        "--sync-batch-norm",
        help="Under torchrun, normalise by the pictures of all processes, not each by its own.",
    ),
]


def written_engine(
    engine: str,
    precision: str | None,
    channels_last: bool | None,
    *,
    compiles: bool,
    sync_batch_norm: bool,
) -> str:
    """An engine with its options behind its name, as :func:`pellucid.engines.get_engine` takes it.

    Args:
        engine: As --engine has it.
        precision: --precision.
        channels_last: --channels-last.
        compiles: --compile.
        sync_batch_norm: --sync-batch-norm.

    Raises:
        ArgumentError: If an option is given that the engine does not have.
    """
    given = {
        "precision": precision,
        "channels_last": None if channels_last is None else "on" if channels_last else "off",
        "compile": "on" if compiles else None,
        "sync_batch_norm": "on" if sync_batch_norm else None,
    }
    name, _ = parse_engine(engine)
    for option, value in given.items():
        if value is None:
            continue
        if name != "torch":
            raise ArgumentError(
                f"--{option.replace('_', '-')} is made for the torch engine, and the engine is "
                f"{name}; add --engine torch, or leave it out"
            )
        engine += f",{option}" + ("" if value == "on" else f"={value}")
    return engine


def ranks_line(ranks: Ranks, batch_size: int, engine: str) -> str | None:
    """What several processes make of a batch, in one line; none where there is nothing to say.

    Args:
        ranks: The processes.
        batch_size: Of the whole batch.
        engine: With its options.
    """
    _, options = parse_engine(engine)
    together = options.get("sync_batch_norm") == "on"
    if ranks.world == 1:
        alone = (
            "--sync-batch-norm: one process alone trains, whose batch norms have the whole batch"
        )
        return f"{alone} anyway; torchrun starts several" if together else None
    counts = sorted(
        {(rank + 1) * batch_size // ranks.world - rank * batch_size // ranks.world
         for rank in range(ranks.world)}
    )  # fmt: skip
    line = (
        f"{ranks.world} processes ({ranks.transport}) share each batch of {batch_size}: "
        f"{' or '.join(map(str, counts))} each"
    )
    if together:
        return f"{line}; batch norms, if any, use the statistics of all"
    return (
        f"{line}; batch norms, if any, use each process's own statistics (--sync-batch-norm: those "
        "of all)"
    )
