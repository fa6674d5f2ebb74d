"""Which trained weights ``pellucid train`` begins with, and what its options mean for the data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from pellucid.architectures import ARCHITECTURES
from pellucid.cli.terminal import remarks
from pellucid.data.boxes import Boxes
from pellucid.data.reading import Reading
from pellucid.data.transcripts import Transcripts
from pellucid.errors import ArgumentError
from pellucid.graph import check_reals
from pellucid.known_names import find_name
from pellucid.text import printable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pellucid.cli.train_options import TrainOptions
    from pellucid.files import Model


def known_task(settings: Mapping[str, Any]) -> str | None:
    """The task of the data as far as it can be known before they are read; else None."""
    from pellucid.data.listing import task_at_a_glance
    from pellucid.data.recognise import checked_task

    reading = Reading(path_column=settings["path_column"], label_column=settings["label_column"])
    return checked_task(settings["task"]) or task_at_a_glance(settings["data"], reading)


def trained_weights(
    context: typer.Context, settings: Mapping[str, Any], task: str | None, out: Path | None
) -> dict[str, Any]:
    """The settings of a run that takes weights from a model; none where it takes none.

    ``--from`` means a frozen body where the task has one; a detector and a recognizer of speech
    learn on all of it, so that it means the same as ``--start-from``.
    """
    body, start = settings["pretrained"], settings["start_from"]
    if body is not None and start is not None:
        raise ArgumentError(
            "--from and --start-from are both given: a trained body, or a start from which "
            "everything learns; give one"
        )
    given = start if body is None else body
    if given is None:
        return {}
    frozen = body is not None and task not in (Boxes.kind, Transcripts.kind)
    architecture = _taken(context, given, out, cut=frozen)
    found = {"pretrained": None, "start_from": None, "architecture": architecture}
    detector = settings["detector"]
    if detector is None and task == Boxes.kind:
        detector = _detector_in(context, given)
    return {**found, "detector": detector, "pretrained" if frozen else "start_from": given}


def _detector_in(context: typer.Context, given: str) -> str | None:
    """Which detector a model is that training starts from; none: it is no detector."""
    from pellucid.estimators.remembered import remembered_model
    from pellucid.tasks import detector_name

    return detector_name(remembered_model(given, context.params["engine"]).task)


def _taken(context: typer.Context, given: str, out: Path | None, *, cut: bool) -> str:
    """The architecture of a model that training takes weights from.

    Args:
        context: The command's.
        given: The model, as it was typed.
        out: Where the run is kept, which must not be the model's own place.
        cut: Whether it must have a body that can be cut off.
    """
    from pellucid.estimators.remembered import remembered_model
    from pellucid.interop.models import name_remark
    from pellucid.training.start import architecture_of, check_startable
    from pellucid.transfer.body import find_cut

    found = remembered_model(given, context.params["engine"])
    if remark := name_remark(given):
        remarks().print(remark)
    check_apart(given, out)
    _check_architecture(context, found, given)
    check_reals(found.network.graph, "training")
    if found.task.makes_pictures:
        check_startable(found, given)
    if cut:  # said before the pictures cost any time
        find_cut(found.network.graph, given)
    return architecture_of(found)


def check_apart(given: str | None, out: Path | None) -> None:
    """Check that a run is not kept where the model lies that it starts from.

    Args:
        given: The model, as it was typed; none: there is none.
        out: The run's folder; none: a new one.
    """
    from pellucid.interop.models import place_of

    path = None if given is None else place_of(given)
    if (
        out is not None
        and path is not None
        and out.resolve() in (path.resolve(), path.resolve().parent)
    ):
        raise typer.BadParameter(
            f"{printable(out)} is read by this command; name another folder", param_hint="--out"
        )


def check_folds(options: TrainOptions) -> None:
    """Check that a judgement by folds is asked of a head alone."""
    if options.folds is None:
        return
    if options.pretrained is None:
        raise typer.BadParameter("is for heads on a trained body (--from)", param_hint="--folds")
    if options.fine_tune is not None:
        raise typer.BadParameter(
            "judges heads on a frozen body: one that is fine-tuned has learned from all folds; "
            "leave --fine-tune out",
            param_hint="--folds",
        )


def _check_architecture(context: typer.Context, model: Model, name: str) -> None:
    """Check that an architecture that is asked for is the model's own."""
    from pellucid.training.start import check_architecture

    origin = context.get_parameter_source("architecture")
    if origin is not None and origin.name != "DEFAULT":
        given = find_name("architecture", context.params["architecture"], ARCHITECTURES)
        check_architecture(given, model, name)
