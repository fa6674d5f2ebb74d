"""The newest weights of a run: while it trains those that it lays out, else its model's."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pellucid.data.decode import unreadable
from pellucid.errors import FileFormatError, PellucidError
from pellucid.files.lock import is_locked
from pellucid.files.model_file import load_model
from pellucid.files.run_model import MODEL
from pellucid.graph import check_weights
from pellucid.short_repr import short_repr
from pellucid.text import printable
from pellucid.training.live.formats import LIVE, WEIGHTS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pellucid.files import Model
    from pellucid.graph import Network
    from pellucid.ops.operation import Array

LIVE_WEIGHTS = LIVE, WEIGHTS
"""Where in a run's folder the weights of a training lie that is watched."""


@short_repr
@dataclass(frozen=True, eq=False)
class Snapshot:
    """Weights of a run at one moment.

    Attributes:
        weights: All of the network, by full name.
        epoch: That they are of, from 1; 0: before the first step; none if that is not known.
        step: Of the whole training; none of a model, which is an epoch's.
    """

    weights: Mapping[str, Array]
    epoch: int | None = None
    step: int | None = None


def newest_snapshot(folder: Path, network: Network) -> Snapshot | None:
    """The newest weights of a run that are of a network; none where it has none yet.

    While the run trains, those that it lays out for who watches; before it does so, and when it has
    ended, its model's.

    Args:
        folder: The run's.
        network: Whose weights they must be.

    Raises:
        FileFormatError: If what there is is damaged, or of another network.
    """
    if is_locked(folder) and (found := read_snapshot(folder)) is not None:
        _check(found, network, folder)
        return found
    try:
        model = load_model(folder / MODEL)
    except FileFormatError:
        raise
    except PellucidError:  # it comes after the first epoch
        return None
    found = Snapshot(model.network.weights, best_epoch(model))
    try:
        _check(found, network, folder)
    except FileFormatError:
        if is_locked(folder):  # an earlier run's, which is replaced after the first epoch
            return None
        raise
    return found


def with_weights(model: Model, found: Snapshot) -> Model:
    """A model with the weights of another moment.

    Raises:
        FileFormatError: If they are of another network.
    """
    network = model.network
    try:
        check_weights(network.parameters, found.weights)
    except PellucidError as error:
        raise FileFormatError(
            f"the weights are of another network than the model ({error}); train again"
        ) from error
    own = {name: found.weights[name] for name in network.parameters}
    return replace(model, network=type(network)(network.graph, own, network.graphs))


def best_epoch(model: Model) -> int | None:
    """The epoch that a run's model is of; none where it does not say so."""
    results = model.provenance.get("results")
    epoch = results.get("epoch") if isinstance(results, dict) else None
    return epoch if type(epoch) is int else None


def read_snapshot(folder: Path) -> Snapshot | None:
    """What a training has laid out last; none where it has not.

    Raises:
        DataError: If the system does not let us read it.
        FileFormatError: If it is damaged.
    """
    path = folder.joinpath(*LIVE_WEIGHTS)
    try:
        content = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise unreadable(path, error) from error
    return snapshot_of(content, printable(path))


def snapshot_of(content: bytes, name: str) -> Snapshot:
    """The weights in a file's bytes, and of which step and epoch they are.

    Raises:
        FileFormatError: If it is no such file.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        weights = load(content)
        head = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
        about: dict[str, Any] = head["__metadata__"]
        return Snapshot(weights, int(about["epoch"]), int(about["step"]))
    except (SafetensorError, LookupError, TypeError, ValueError) as error:
        raise FileFormatError(
            f"{name}: is damaged ({printable(str(error))[:200]}); the next one replaces it"
        ) from error


def _check(found: Snapshot, network: Network, folder: Path) -> None:
    try:
        check_weights(network.parameters, found.weights)
    except PellucidError as error:
        raise FileFormatError(
            f"{printable(folder)}: its weights are of another network than the page "
            f"({error}); open the page again"
        ) from error
