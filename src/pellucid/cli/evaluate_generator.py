"""``pellucid evaluate`` of a generator: classes, confidence, Fréchet's distance, copies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from pellucid.cli.run_report import write_quarantined
from pellucid.cli.terminal import print_result, remarks
from pellucid.cli.train_generator import write_generation
from pellucid.text import folder_name, printable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pellucid.data.reading import Reading
    from pellucid.estimators import ImageGenerator


def evaluate_generator(
    generator: ImageGenerator,
    model: str,
    data: str,
    reading: Reading,
    *,
    part: str | None,
    max_pixels: int | None,
    judge: str | None,
    count: int | None,
    seed: int | None,
    out: Path | None,
    json: bool,
) -> None:
    """Judge a generator beside what it learned from and other real pictures.

    Args:
        generator: The generator.
        model: Where it is.
        data: What it learned from.
        reading: How these are read.
        part: Which part it is compared with.
        max_pixels: Picture files with more pixels are left out; none: as in training.
        judge: A classifier; none: classes and features are left out.
        count: How many pictures it makes; none: the default.
        seed: Of these; none: 0.
        out: A folder for the report.
        json: Whether the result is printed as JSON.
    """
    from pellucid.estimators.judged_generator import COUNT
    from pellucid.files.held_out import held_out
    from pellucid.training.run_folder import RunFolder

    test, notes = held_out(
        data, generator.model_, part=part, max_pixels=max_pixels, reading=reading
    )
    for note in notes:
        remarks().print(note)
    remarks().print(f"task: {generator.model_.task.title}")
    if judge is None:
        remarks().print(
            "no judge: classes, confidence and Fréchet's distance are left out; give a classifier "
            "of such pictures (--judge)"
        )
    learned = generator.learned_from(data, reading, max_pixels=max_pixels)
    report = generator.compared(
        learned, test, judge, count=COUNT if count is None else count, seed=seed or 0
    )
    if out is not None:
        title = f"{folder_name(model)}, compared with {test.name}"
        write_generation(out, generator, report, generator.history_, notes, title)
        if test.quarantined and not (out / RunFolder.MODEL).exists():
            write_quarantined(out, test.quarantined)
        remarks().print(f"report written to {printable(out / 'report.html')}")
    print_result(report, json=json)


def refuse_others(options: Mapping[str, object], why: str) -> None:
    """Raise BadParameter for the first option that is given and has no meaning here.

    Args:
        options: By what they are called.
        why: The reason.
    """
    for name, value in options.items():
        if value is not None:
            raise typer.BadParameter(f"{why}; leave it out", param_hint=name)
