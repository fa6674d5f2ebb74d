"""A run's page that follows its training, for who serves it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pellucid.engines import DEFAULT
from pellucid.errors import DataError
from pellucid.estimators import ImageGenerator, estimator_of
from pellucid.files.lock import is_locked
from pellucid.files.model_file import load_model
from pellucid.files.run_model import MODEL, model_path
from pellucid.page.samples import SAMPLES
from pellucid.page.weights import page_weights, weights_bytes
from pellucid.short_repr import short_repr
from pellucid.tasks import Generation
from pellucid.text import folder_name
from pellucid.training.network_file import read_network
from pellucid.training.saved_run import run_data
from pellucid.training.snapshot import newest_snapshot, with_weights

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid.files import Model
    from pellucid.page import Feed, Page
    from pellucid.page.page import Language
    from pellucid.training.snapshot import Snapshot


@short_repr
@dataclass(frozen=True, eq=False)
class LivePage:
    """A page that is open while a run trains.

    Attributes:
        page: The page, which listens to the addresses that it was given.
        folder: The run's.
        model: The run's network; its weights are those that the page came with.
        snapshot: Of which moment these are; none where the run had none.
    """

    page: Page
    folder: Path
    model: Model
    snapshot: Snapshot | None

    def html(self) -> bytes:
        """The page as a browser gets it."""
        return self.page.to_html().encode()

    def newest(self) -> tuple[bytes, dict[str, str]] | None:
        """The run's newest weights as the page takes them, and headers that say of which moment.

        None where it has none yet: they come with the first steps. The page takes ``204 No
        Content`` for that.

        Raises:
            DataError: If the system does not let us read them.
            FileFormatError: If they are damaged, or of another network.
        """
        found = newest_snapshot(self.folder, self.model.network)
        if found is None:
            return None
        headers = {
            f"Pellucid-{name}": str(number)
            for name, number in (("Step", found.step), ("Epoch", found.epoch))
            if number is not None
        }
        weights = page_weights(with_weights(self.model, found))
        return weights_bytes(self.page.data["weights"]["names"], weights), headers


def live_page(
    folder: Path,
    feed: Feed,
    *,
    title: str = "",
    samples: int = SAMPLES,
    language: Language = "en",
) -> LivePage:
    """The page of a run that follows its training, from its first step on.

    It shows the data that the run learns from, if these can be read, else noise and a grey picture.

    Args:
        folder: The run's.
        feed: Where the page finds the training's weights, relative to its own address.
        title: What it is called; empty: as the folder.
        samples: Pictures that it brings along, at most.
        language: Of its texts at first.

    Raises:
        DataError: If the run is gone, or has not begun.
        FileFormatError: If what describes its network is damaged.
        ArgumentError: If no page computes its network.
    """
    kept = (folder / MODEL).exists() and not is_locked(folder)
    described = None if kept else read_network(folder)
    if described is None:
        model, data = load_model(model_path(folder)), run_data(folder)
    else:
        model, data = described.model, described.notes.get("data")
    snapshot = newest_snapshot(folder, model.network)
    if snapshot is not None:
        model = with_weights(model, snapshot)
    settings: dict[str, Any] = {
        "title": title or folder_name(folder),
        "samples": samples,
        "language": language,
    }
    if model.task.kind == Generation.kind:
        page = ImageGenerator._of_model(model, folder, DEFAULT).page(**settings)
    else:
        estimator = estimator_of(model.task.kind)._of_model(model, folder, DEFAULT)
        try:
            page = estimator.page(data if isinstance(data, str) else None, learn=False, **settings)
        except DataError as error:  # it is gone, or of another machine
            note = f"the data that the run learns from cannot be used: {error}"
            page = estimator.page(learn=False, **settings)
            page = replace(page, notes=(note, *page.notes))
    return LivePage(page.following(feed), folder, model, snapshot)
