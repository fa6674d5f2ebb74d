"""``pellucid shard``: picture files as tar files that are read from beginning to end."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pellucid.cli import arguments
from pellucid.cli.terminal import print_json, remarks, results
from pellucid.data.pillow import MAX_PIXELS
from pellucid.errors import ArgumentError
from pellucid.text import printable


def shard(
    data: Annotated[
        str,
        typer.Argument(help="Pictures or recordings in folders or a list, as train takes them."),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder of shards, a new one.")],
    shard_size: Annotated[
        int, typer.Option(min=1, help="Megabytes after which a tar file is full.")
    ] = 64,
    bad: arguments.BadFiles = "quarantine",
    max_pixels: arguments.MaxPixels = MAX_PIXELS,
    path_column: arguments.PathColumn = None,
    label_column: arguments.LabelColumn = None,
    group: arguments.Group = None,
    decisions: arguments.DecisionsFile = None,
    sound: arguments.SoundSettings = None,
    task: arguments.TaskName = None,
    units: arguments.Units = None,
    json: arguments.Json = False,
) -> None:
    """Write pictures or recordings as WebDataset shards, for data larger than a disk or a memory.

    Files are taken as they are, with what is wanted of each (classes, labels, numbers, boxes,
    captions, texts), and parts; train, evaluate and check take the folder as they take the data.
    """
    from pellucid.cli.progress_bar import CountBar
    from pellucid.data.quarantine import quarantine_note
    from pellucid.data.reading import Reading
    from pellucid.files.shards import sharded_line, write_shards

    if out.resolve() == Path(data).resolve():
        raise ArgumentError(f"{printable(out)}: is read by this command; name another folder")
    reading = Reading(
        bad=bad, max_pixels=max_pixels, path_column=path_column, label_column=label_column,
        group=group, sound=sound, units=units, decisions=decisions,
    )  # fmt: skip
    with CountBar("writing pictures", remarks()) as progress:
        written = write_shards(
            data, out, reading, task=task, shard_bytes=shard_size * 1_000_000, progress=progress
        )
    for note in (*written.decided, *quarantine_note(written.quarantined)):
        remarks().print(note)
    if json:
        print_json(written.index.to_dict())
        return
    results().print(f"{printable(out)}: {sharded_line(written)}")
