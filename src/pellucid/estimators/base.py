"""What all estimators have in common: scikit-learn's conventions, fitting, files."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pellucid.data.preprocessing import Preprocessing
from pellucid.data.quarantine import QuarantineWarning, quarantine_note
from pellucid.engines import DEFAULT, get_engine
from pellucid.errors import ArgumentError
from pellucid.estimators.conventions import Estimator
from pellucid.estimators.learnable import check_learnable_data
from pellucid.estimators.planning import makes_layers
from pellucid.estimators.transferring import Transferring
from pellucid.files import Model
from pellucid.graph import check_reals
from pellucid.interop.models import find_model
from pellucid.pickling import state_of
from pellucid.training.arguments import training_data
from pellucid.training.batches import check_batch_norms, check_ranks
from pellucid.training.fit import Fitted, Run, fit
from pellucid.training.lr_finder import HIGHEST, LOWEST, SEEDS, STEPS, find_learning_rate
from pellucid.training.objective import training_step
from pellucid.training.provenance import provenance
from pellucid.training.run_folder import MINUTES
from pellucid.training.saved_run import read_saved_run
from pellucid.training.start import StartsFromScratchWarning, resumed

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from pellucid.data.cache import CacheSetting
    from pellucid.data.dataset import Dataset, Splits
    from pellucid.data.decisions import Decisions
    from pellucid.training import Recipe, Watcher
    from pellucid.training.rate_curve import RateCurve

    Pictures = Dataset | Splits | str | os.PathLike[str] | Mapping[str, Any] | NDArray[Any]
    """Labelled pictures, or pixels that need labels."""

FROM_SCRATCH = (
    "fit starts from scratch, and the weights of the loaded model are not used; to go on from "
    "them: set_params(warm_start=True) before fit"
)


class ImageEstimator(Estimator, Transferring):
    """Learns from pictures with what is wanted of each; what that is, subclasses say."""

    def __getstate__(self) -> dict[str, Any]:
        """What is pickled: settings and the model file's bytes; see :mod:`pellucid.pickling`."""
        if self._fitted is None:
            return state_of(self.get_params(), None)
        made = makes_layers(self.architecture)
        layers = self._layers(len(self.model_.classes)) if made else None
        return state_of(self.get_params(), self.model_, layers)

    # ------------------------------------------------------------------------------------ learning

    def fit(
        self,
        pictures: Pictures,
        labels: Sequence[Any] | NDArray[Any] | None = None,
        *,
        epochs: int | None = None,
        validation_data: Dataset | tuple[Any, Any] | None = None,
        out: str | os.PathLike[str] | None = None,
        overwrite: bool = False,
        resume: bool = False,
        minutes: float = MINUTES,
        allow_one_class: bool = False,
        notes: Mapping[str, Any] | None = None,
        watchers: Sequence[Watcher] = (),
        finish: Callable[[Self], object] | None = None,
        verbose: int | None = None,
        cache: CacheSetting = True,
        decisions: Decisions | str | os.PathLike[str] | None = None,
        live: bool = True,
        replay: bool = False,
    ) -> Self:
        """Train: from scratch, from a model, or from where a run was left.

        Args:
            pictures: A data set; ``Splits``, or what :func:`pellucid.data.load` takes (a folder of
                pictures, ``"mnist"``), whose validation part is then used too; or pixels
                (N, H, W, C) or (N, H, W), uint8 0..255.
            labels: One a picture, where pixels are given: integers, texts or bools; see
                :mod:`pellucid.data.labels`.
            epochs: Instead of the classifier's setting, this once.
            validation_data: Pictures to judge every epoch by, a data set or (pixels, labels); the
                best epoch's weights are kept.
            out: A folder for the run: configuration, history, best model, last state.
            overwrite: Whether that folder may hold a run already, which is then replaced when the
                first epoch is done.
            resume: Go on with the run in that folder, which must have been begun with the same
                settings and pictures: the result is that of a run without a break, bit by bit.
            minutes: How often the state is kept within an epoch, besides after each.
            allow_one_class: Whether to train with one class only, of which nothing can be learned.
            notes: Plain JSON values to be kept with the state, for a command that resumes the run.
            watchers: Notified after every step and epoch; the folder comes first.
            finish: Called at last with the fitted classifier, while nobody else can write in the
                run's folder: whatever belongs to the run is written here. What it raises is raised.
            verbose: Instead of the classifier's setting, this once.
            cache: Where the features of a frozen body are kept, as :func:`pellucid.data.load` says
                it of decoded pictures.
            decisions: What people decided about pictures that are named, as
                :func:`pellucid.data.load` takes it.
            live: Whether the run can be watched and steered while it is trained, by files in
                ``out/live``.
            replay: Whether the weights after each epoch are kept, in ``out/replay``.

        Warns:
            QuarantineWarning: If a folder has files that cannot be used; they are left out.
            DamagedStateWarning: If the newest state of the run to resume is damaged, and the one
                before it is used.
            StartsFromScratchWarning: If a loaded model is fitted without ``warm_start``.

        Raises:
            TrainingDivergedError: If the loss is no longer finite; the run's folder keeps the best
                model before.
            Stopped: A :exc:`KeyboardInterrupt`: Ctrl-C or SIGTERM came, and the state is kept in
                the folder.
            PellucidError: Whatever else is wrong with data, settings or the folder; one line.
        """
        run = (
            None if out is None else Run(Path(out), overwrite, resume, minutes, notes, live, replay)
        )
        if resume and run is None:
            raise ArgumentError(
                "resume goes on with the run in out: give that folder, and leave overwrite out"
            )
        self.check_settings()
        engine = get_engine(self.engine)
        ranks = engine.join()
        if run is not None and ranks.leads:
            run.check()  # before the pictures cost any time
        before = resumed(read_saved_run(run.folder)) if run is not None and resume else None
        origin = None if before is not None else self._origin()
        if origin is not None:
            check_reals(origin.network.graph, "training")
        if origin is None and before is None and self._from_file:
            warnings.warn(FROM_SCRATCH, StartsFromScratchWarning, stacklevel=2)
        size = None if before is None else before.network.graph.input_shape
        like = self.reading_like(before)
        data, validation = self._training_data(
            pictures, labels, validation_data,
            allow_one_class=allow_one_class, size=size, like=like, decisions=decisions,
        )  # fmt: skip
        check_learnable_data(data, self.TASKS, allow_one_class=allow_one_class)
        architecture = self._architecture_name() if before is None else before.architecture
        recipe = self._recipe(epochs, data, None if before is None else architecture)
        if recipe.patience is not None and validation is None:
            raise ArgumentError(
                "patience waits for a better validation, but there are no validation pictures; "
                "hold some out (validation=0.1), or leave patience out"
            )
        task = self._task_for(data)
        network, start_record = self._first_network(data, recipe.seed, before)
        preprocessing = Preprocessing(*data.image_shape, sound=data.sound) if like is None else like
        if self.pretrained is None:
            parts = 1 if engine.joint_statistics else ranks.world
            check_ranks(len(data), recipe.batch_size, ranks.world)  # before any folder
            check_batch_norms(network.graph, len(data), recipe.batch_size, parts)
            if start_record is not None and like is not None:
                start_record = {**start_record, "reading": like.to_dict()}
        preprocessing = replace(preprocessing, value_range=data.value_range)
        model = Model(
            network,
            task,
            preprocessing,
            provenance(
                architecture, recipe, data, validation, self.engine, self.max_pixels,
                start_record, self._transfer_record(like),
            ),
        )  # fmt: skip

        def take(fitted: Fitted) -> None:
            self._fitted, self._from_file = fitted, False
            if finish is not None and ranks.leads:
                finish(self)

        self._learn(
            model, recipe, data, validation, cache,
            run=run, watchers=watchers, finish=take,
            verbose=self.verbose if verbose is None else verbose,
        )  # fmt: skip
        return self

    def _learn(
        self,
        model: Model,
        recipe: Recipe,
        data: Dataset,
        validation: Dataset | None,
        cache: CacheSetting,
        **options: Any,
    ) -> None:
        """Train a model's network; arguments as of :func:`pellucid.training.fit.fit`."""
        transfer = self._transfer(model.network, model.preprocessing, cache)
        fit(model, recipe, data, validation, self.engine, transfer=transfer, **options)

    def find_learning_rate(
        self,
        pictures: Pictures,
        labels: Sequence[Any] | NDArray[Any] | None = None,
        *,
        lowest: float = LOWEST,
        highest: float = HIGHEST,
        steps: int = STEPS,
        seeds: int = SEEDS,
        progress: Callable[[int, int], None] | None = None,
    ) -> RateCurve:
        """Try which learning rate suits the other settings and these pictures; nothing is learned.

        Args:
            pictures: As for :meth:`fit`.
            labels: As for :meth:`fit`.
            lowest: The first rate.
            highest: The last.
            steps: How many are tried, with a batch each.
            seeds: How often all of it is done, each time with other first weights and another
                order of pictures; once where training starts from a model.
            progress: Called with the number of steps taken, and of all, after each.

        Raises:
            TrainingDivergedError: If the loss explodes at the lowest rates already.
            PellucidError: Whatever is wrong with data or settings; one line.
        """
        if self.pretrained is not None:
            raise ArgumentError(
                "on a frozen body a head is solved, not stepped towards, so that there is no rate "
                "to find; leave pretrained out"
            )
        data, _ = self._training_data(pictures, labels, None)
        recipe = self._recipe(None, data)
        check_learnable_data(data, self.TASKS)
        network, started = self._first_network(data, recipe.seed)
        if started is not None:  # other seeds would try other first weights
            seeds = 1
        program = get_engine(self.engine).load(network, training_step(network, recipe))
        return find_learning_rate(
            program, data, recipe,
            lowest=lowest, highest=highest, steps=steps, seeds=seeds,
            default=self.default_learning_rate(data), progress=progress,
        )  # fmt: skip

    def _training_data(
        self,
        pictures: Pictures,
        labels: Sequence[Any] | NDArray[Any] | None,
        validation_data: Dataset | tuple[Any, Any] | None,
        *,
        allow_one_class: bool = False,
        size: Sequence[int] | None = None,
        like: Preprocessing | None = None,
        decisions: Any = None,
    ) -> tuple[Dataset, Dataset | None]:
        """The data; pictures of a run that is resumed are of the size that it began with."""
        data, validation, quarantined = training_data(
            pictures, labels, validation_data,
            allow_one_class=allow_one_class,
            image_size=self.reading_size(pictures, size),
            like=like,
            validation=self.validation,
            seed=self.seed,
            max_pixels=self.max_pixels,
            group=self.group,
            sound=self.sound,
            units=self.units,
            decisions=decisions,
            tasks=self.TASKS,
        )  # fmt: skip
        for note in quarantine_note(quarantined):
            warnings.warn(note, QuarantineWarning, stacklevel=3)
        return data, validation

    def _changed(self, fitted: Fitted) -> Self:
        changed = type(self)(**self.get_params())
        changed._fitted = fitted
        changed._from_file = True  # in this, too, nothing was learned here
        return changed

    # --------------------------------------------------------------------------------------- files

    def _take_settings(self, model: Model) -> None:
        architecture = model.provenance.get("architecture")
        if isinstance(architecture, str):
            self.architecture = architecture

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str],
        *,
        engine: str = DEFAULT,
        max_pixels: int | None = None,
        invert: bool = False,
    ) -> Self:
        """The estimator in a model file, in a run folder, or with trained weights by name.

        Args:
            path: Where it is; or, as a text, a name such as ``"efficientnet-lite0"``, see
                :mod:`pellucid.interop.models`.
            engine: Who computes.
            max_pixels: Picture files with more pixels are refused; None for the limit that it was
                trained with, or the default where that is lower.
            invert: Whether black and white of every picture are exchanged before the network sees
                it; data sets that are read for :meth:`evaluate` stay as they are.

        Raises:
            FileFormatError: If it is not a sound model file.
            DataError: If there is no such file, or no model in that folder.
            MissingDependencyError: If the trained weights of that name are not installed.
        """
        model = find_model(path, engine=get_engine(engine))
        return cls._of_model(model, path, engine, max_pixels, invert)
