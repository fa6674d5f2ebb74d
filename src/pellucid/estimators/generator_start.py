"""What a generator starts from: another generator, with its discriminator where that is kept."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from pellucid.errors import ArgumentError, DataError, FileFormatError, ShapeError
from pellucid.estimators.planning import model_name
from pellucid.estimators.remembered import remembered_model
from pellucid.interop.models import place_of
from pellucid.tasks import Generation
from pellucid.text import array_shape, printable
from pellucid.training.saved_run import LAST, read_saved_run
from pellucid.training.start import start_record

if TYPE_CHECKING:
    import os

    from pellucid.architectures.generator import Adversaries
    from pellucid.graph import Weights
    from pellucid.ops.operation import Array
    from pellucid.training.saved_run import SavedRun

FIRST = "generator1.kernel"
"""The weight that reads the noise, (height, width, Z, channels)."""


@dataclass(frozen=True, eq=False)
class GeneratorStart:
    """A generator to start from.

    Attributes:
        name: What it is called.
        latent: How many numbers its pictures are made of.
        width: Channels of the discriminator's first feature map.
        weights: Of the generator, and of the discriminator where that is kept; empty where a run's
            state brings its own.
        record: What the provenance says of it.
    """

    name: str
    latent: int
    width: int
    weights: Weights = field(repr=False)
    record: dict[str, Any]

    @property
    def line(self) -> str:
        """Where training starts, in a line."""
        fresh = ", its discriminator from scratch" if self.record["from_scratch"] else ""
        return f"starts from {self.name}{fresh}"

    def put_into(self, networks: Adversaries) -> None:
        """Give both networks the weights.

        Raises:
            ShapeError: If they are of other shapes: it makes pictures of another size.
        """
        weights = cast("dict[str, Array]", networks.network.weights)
        for name, weight in self.weights.items():
            if name not in weights or weights[name].shape != weight.shape:
                raise ShapeError(
                    f"{self.name}: makes other pictures than those of "
                    f"{array_shape(networks.generator.output_shape)} that are to be learned; give "
                    "its image size, or train from scratch"
                )
            weights[name] = weight.copy()


def generator_start(place: str | os.PathLike[str], engine: str) -> GeneratorStart:
    """The generator in a model file or a run's folder; of a run, its discriminator, too.

    Args:
        place: Where it is.
        engine: Who computes.

    Raises:
        ArgumentError: If the model is no generator.
        DataError: If there is none.
        FileFormatError: If it is not a sound model file.
    """
    model, name = remembered_model(place, engine), printable(model_name(place))
    width = model.provenance.get("width")
    if not isinstance(model.task, Generation) or type(width) is not int:
        raise ArgumentError(
            f"{printable(place)}: a model for {model.task.title}; a generator starts from one that "
            "pellucid train --task generation made"
        )
    weights, folder = dict(model.network.weights), place_of(place)
    if folder is not None and (folder / LAST).exists():
        with suppress(DataError, FileFormatError):  # the model is whole all the same
            weights = dict(read_saved_run(folder).checkpoint.now.weights)
    known = any(not each.startswith("generator") for each in weights)
    record = start_record(name, model.network, [] if known else ["discriminator"])
    return GeneratorStart(name, model.task.latent, width, weights, record)


def resumed_start(kept: SavedRun) -> GeneratorStart | None:
    """Where a run that is taken up again had started; none if it had started from scratch.

    Raises:
        FileFormatError: If the state does not say it.
    """
    record = kept.provenance.get("start_from")
    if record is None:
        return None
    try:
        latent = kept.checkpoint.now.weights[FIRST].shape[2]
        name, width = str(record["name"]), int(kept.provenance["width"])
        return GeneratorStart(name, latent, width, {}, dict(record))
    except (LookupError, TypeError, ValueError) as error:
        raise FileFormatError(
            "the run's state does not say which generator it started from; train from scratch"
        ) from error
