"""One training from beginning to end: the loop, the run's folder around it, the best model."""

from __future__ import annotations

import warnings
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pellucid.engines import Step, get_engine
from pellucid.engines.ranks import refuse_several
from pellucid.errors import ArgumentError
from pellucid.files.feature_file import FILE, save_features
from pellucid.short_repr import short_repr
from pellucid.training.head import feature_set, train_head
from pellucid.training.loop import train
from pellucid.training.objective import training_step
from pellucid.training.run_folder import MINUTES, RunFolder, try_run_folder
from pellucid.training.saved_run import DamagedStateWarning
from pellucid.training.together import KeptByOne, check_watchers
from pellucid.training.watching import progress_watcher
from pellucid.transfer.body import Body, find_cut
from pellucid.transfer.features import FeatureReader

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from pellucid.data.dataset import Dataset
    from pellucid.engines import Engine, Program
    from pellucid.files import Model
    from pellucid.files.feature_file import FeatureSet
    from pellucid.training.head import Learned, Transfer
    from pellucid.training.history import Epoch
    from pellucid.training.recipe import Recipe
    from pellucid.training.result import Watcher
    from pellucid.transfer.choice import Choice


@short_repr
@dataclass(frozen=True, eq=False)
class Fitted:
    """What fitting or loading leaves behind.

    Attributes:
        model: The model.
        program: Its network, loaded by an engine.
        history: A row an epoch; empty where nobody knows.
        recipe: How it was trained; none for a model that was loaded.
        head: The head that was fitted to a frozen body's features, and how; none: none was.
    """

    model: Model
    program: Program
    history: list[Epoch] = field(default_factory=list)
    recipe: Recipe | None = None
    head: Choice | None = None


@dataclass(frozen=True, eq=False)
class Run:
    """Where a run is kept.

    Attributes:
        folder: Of configuration, history, best model and last state.
        overwrite: Whether a run that is there already may be replaced.
        resume: Whether the run that is there goes on.
        minutes: Between two states that are kept within an epoch, at most.
        notes: Plain JSON values to be kept with the state.
        live: Whether it can be watched while it runs.
        replay: Whether the weights after each epoch are kept.
    """

    folder: Path
    overwrite: bool = False
    resume: bool = False
    minutes: float = MINUTES
    notes: Mapping[str, Any] | None = None
    live: bool = True
    replay: bool = False

    def check(self) -> None:
        """Check that the folder may take a run, before that costs anything; nothing changes.

        Raises:
            ArgumentError: If a run is to go on and to be replaced.
            OutputError: If the folder holds a run already, or cannot be written in.
        """
        if self.resume and self.overwrite:
            raise ArgumentError(
                "resume goes on with the run in out: give that folder, and leave overwrite out"
            )
        if not self.resume:
            try_run_folder(self.folder, overwrite=self.overwrite)

    def opened(self, model: Model) -> RunFolder:
        """The folder, which nobody else can write in until it is closed.

        Args:
            model: As :class:`RunFolder` takes it.

        Warns:
            DamagedStateWarning: If the newest state of a run to resume is damaged.

        Raises:
            PellucidError: As :class:`RunFolder`.
        """
        folder = RunFolder(
            self.folder, model,
            overwrite=self.overwrite, resume=self.resume, minutes=self.minutes, notes=self.notes,
            live=self.live, replay=self.replay,
        )  # fmt: skip
        if folder.remark:
            warnings.warn(folder.remark, DamagedStateWarning, stacklevel=4)
        return folder


def fit(
    model: Model,
    recipe: Recipe,
    data: Dataset,
    validation: Dataset | None,
    engine: str,
    *,
    run: Run | None = None,
    watchers: Sequence[Watcher] = (),
    verbose: int | None = None,
    finish: Callable[[Fitted], object] | None = None,
    transfer: Transfer | None = None,
) -> Fitted:
    """Train a model's network, and keep the run.

    Args:
        model: The network with its first weights, and what is known of it before training.
        recipe: How to train.
        data: The training pictures.
        validation: Pictures to judge every epoch by.
        engine: Who computes.
        run: Where the run is kept; none: nowhere.
        watchers: Notified of steps and epochs, after the run's folder.
        verbose: As :class:`pellucid.ImageClassifier` takes it.
        finish: Called at last, while nobody else can write in the run's folder. Of processes that
            learn together each calls it, and only rank 0 has a folder.
        transfer: How the network's body is used, if a head is fitted to its features first; the
            recipe then has an epoch for it.

    Raises:
        TrainingDivergedError: If the loss is no longer finite.
        Stopped: A signal came, and the state is kept.
        PellucidError: Whatever is wrong with the folder.
    """
    computing = get_engine(engine)
    ranks = computing.join()
    if ranks.world > 1:
        if transfer is not None:
            refuse_several("a head on a trained body is fitted")
        check_watchers(watchers)
        ranks.check_same({**model.provenance, "versions": None}, "pictures or settings")
    if not ranks.leads:
        run, watchers, verbose = None, (), 0
    step = _step(model, recipe, transfer)
    steps = recipe.epochs > recipe.head_epochs
    # where no step is taken, nothing need be compiled for it
    program = (computing if steps else get_engine("reference")).load(model.network, step)
    with ExitStack() as stack:
        learned = None
        kept = None if run is None else stack.enter_context(run.opened(model))
        start = None if kept is None else kept.start
        if ranks.world > 1:
            start, *_ = ranks.gather(start)
            watchers = (stack.enter_context(KeptByOne(ranks, kept)), *watchers)
        elif kept is not None:
            watchers = (kept, *watchers)  # what others report of an epoch is then safe
        with progress_watcher(verbose, recipe.epochs, watchers, model.preprocessing.noun) as bar:
            watchers = watchers if bar is None else [*watchers, bar]
            if transfer is not None and (start is None or not start.trained.history):
                learned = train_head(
                    program, data, recipe, transfer, model.preprocessing, computing, model.task,
                    validation=validation,
                    watchers=watchers,
                    start=start,
                )  # fmt: skip
                start = learned.checkpoint
            trained = train(
                program, data, recipe,
                validation=validation,
                watchers=watchers,
                start=start,
                task=model.task,
            )  # fmt: skip
        model = trained.best_model(model)
        choice = None if learned is None else learned.choice
        fitted = Fitted(model, computing.load(model.network), trained.history, recipe, choice)
        if kept is not None:
            kept.let_signals_act()  # nothing of the training is left that they could break
        if kept is not None and transfer is not None:
            found = _features(model, data, validation, transfer, computing, learned)
            save_features(kept.path / FILE, found)
        if finish is not None:
            finish(fitted)
    return fitted


def _features(
    model: Model,
    data: Dataset,
    validation: Dataset | None,
    transfer: Transfer,
    engine: Engine,
    learned: Learned | None,
) -> FeatureSet:
    """What the model's body sees in the pictures; of one that was fine-tuned, that is new."""
    body = Body.of(model, transfer.name)
    parts = {"train": data} if validation is None else {"train": data, "validation": validation}
    if learned is not None and body.digest == learned.body.digest:
        known = {"train": learned.features, "validation": learned.judged_by}
        return feature_set(model.task, body, {part: (parts[part], known[part]) for part in parts})  # type: ignore[misc]
    # where the run was resumed behind its head, the cache has them
    reader = FeatureReader(body, engine, None if transfer.trains else transfer.cache)
    found = {part: (pictures, reader.read(pictures.images)) for part, pictures in parts.items()}
    return feature_set(model.task, body, found)


def _step(model: Model, recipe: Recipe, transfer: Transfer | None) -> Step:
    """How the network learns: all of it; or of a trained body, what is to be fine-tuned."""
    if transfer is None:
        return training_step(model.network, recipe)
    graph, seed = model.network.graph, recipe.seed
    _, head = find_cut(graph, transfer.name)
    trains = (*transfer.trains, f"{head}.*")
    return Step.of(
        graph, recipe.loss, recipe.optimizer,
        trains=trains, running_statistics=("*",), seed=seed,
    )  # fmt: skip
