"""The image classifier: a network with class names and preprocessing, as scikit-learn has them."""

from __future__ import annotations

import copy
import inspect
import warnings
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from pellucid import checks
from pellucid.architectures import ARCHITECTURES, default_settings, get_architecture
from pellucid.data.dataset import Dataset, check_bytes
from pellucid.data.pictures import check_image_size
from pellucid.data.pillow import MAX_PIXELS
from pellucid.data.preprocessing import Preprocessing, check_max_pixels
from pellucid.data.quarantine import QuarantineWarning, quarantine_note
from pellucid.data.split import check_validation
from pellucid.data.statistics import channel_statistics
from pellucid.engines import DEFAULT, Learning, get_engine
from pellucid.engines.batches import forward, images_at_once, parts
from pellucid.errors import (
    ArgumentError,
    DataError,
    NotFittedError,
    PellucidError,
    ShapeError,
)
from pellucid.evaluation import Report, evaluate
from pellucid.explain.activations import Activations
from pellucid.explain.backward import backward
from pellucid.explain.explanation import explain
from pellucid.explain.surgery import edit_model
from pellucid.explain.trace import trace
from pellucid.files import Model, load_model, save_model
from pellucid.files.provenance import renamed, safe_max_pixels
from pellucid.files.referenced import ReferencedPictures
from pellucid.graph import Network, classifier_weights, summarise
from pellucid.known_names import find_name
from pellucid.layers import Normalise, Sequential
from pellucid.ops.operation import describe
from pellucid.ops.softmax import softmax
from pellucid.optimizers import OPTIMIZERS
from pellucid.pickling import restored, state_of
from pellucid.renamed import OldAttribute
from pellucid.text import array_shape, brief_settings
from pellucid.training import Watcher, make_recipe, train
from pellucid.training.advice import Setup
from pellucid.training.arguments import are_picture_files, evaluation_data, training_data
from pellucid.training.batches import automatic_batch_size, automatic_epochs, check_batch_norms
from pellucid.training.dead_units import activity
from pellucid.training.diagnosis import diagnose
from pellucid.training.history import History
from pellucid.training.lr_finder import HIGHEST, LOWEST, SEEDS, STEPS, find_learning_rate
from pellucid.training.provenance import history_of, provenance
from pellucid.training.recipe import balanced_weights, usual_learning_rate
from pellucid.training.run_folder import MINUTES, RunFolder, model_path, run_history, try_run_folder
from pellucid.training.saved_run import DamagedStateWarning, read_saved_run
from pellucid.training.start import (
    Start,
    StartsFromScratchWarning,
    architecture_of,
    check_architecture,
    resumed,
    start_from,
)
from pellucid.training.unlike import Unlike, unlike_picture
from pellucid.training.watching import progress_watcher

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from pellucid.data.augment import Augmentation
    from pellucid.data.class_names import ClassNames
    from pellucid.data.dataset import Splits
    from pellucid.data.preprocessing import Picture
    from pellucid.engines import Program
    from pellucid.explain.backward import Backward
    from pellucid.explain.evidence import Evidence
    from pellucid.explain.heatmap import Heatmap
    from pellucid.explain.surgery import Edit
    from pellucid.explain.trace import Trace
    from pellucid.explain.update_rule import UpdateRule
    from pellucid.graph import Graph, Summary
    from pellucid.training import Recipe
    from pellucid.training.diagnosis import Diagnosis
    from pellucid.training.history import Epoch
    from pellucid.training.rate_curve import RateCurve

    Pictures = Dataset | Splits | str | os.PathLike[str] | Mapping[str, Any] | NDArray[Any]
    """Labelled pictures, or pixels that need labels."""


DEFAULT_ARCHITECTURE = "lecture"

FROM_SCRATCH = (
    "fit starts from scratch, and the weights of the loaded model are not used; to go on from "
    "them: set_params(warm_start=True) before fit"
)


@dataclass(frozen=True, eq=False)
class _Fitted:
    """What fitting or loading leaves behind."""

    model: Model
    program: Program
    history: list[Epoch] = field(default_factory=list)
    recipe: Recipe | None = None


class ImageClassifier:
    """Learns to tell pictures apart, and can be opened up.

    Follows scikit-learn's conventions: settings are stored as given and changed by ``set_params``;
    what is learned bears a trailing underscore; ``fit`` returns the classifier itself.

    Args:
        architecture: A name of :data:`pellucid.architectures.ARCHITECTURES`; or layers from
            normalised pixels to one logit a class; or a function that makes them from the number of
            classes.
        epochs: How often every picture is seen; none, as for all settings that say so: what is
            usual for the architecture, see :data:`pellucid.architectures.DEFAULTS`.
        batch_size: Pictures a step; none: as many as suit the pictures' number and size, see
            :func:`pellucid.training.batches.automatic_batch_size`.
        optimizer: ``"sgd"``, ``"adam"`` or ``"adamw"``.
        learning_rate: Its peak; none for what is usual with the optimizer, the architecture and the
            batch size, see :func:`pellucid.training.recipe.usual_learning_rate`.
        schedule: ``"constant"``, ``"step"``, ``"cosine"`` or ``"one-cycle"``.
        weight_decay: On kernels, 0 to 1; none for the usual.
        label_smoothing: 0 to less than 1; none for the usual.
        class_weights: One positive weight a class, in the order of the classes; ``"balanced"``: all
            classes count the same, however many pictures they have; none: all pictures do.
        patience: Epochs without a better validation after which training ends; none: never.
        ema: The decay of the weights' moving average, 0.999 say, which is then judged and kept in
            their place; none: no average.
        augmentation: How training pictures are changed: ``"none"``, ``"digits"``, ``"photos"``, or
            one's own; none for the usual.
        image_size: (height, width) that pictures from files are brought to; none: their own.
        max_pixels: Picture files with more pixels are left out, and never decoded.
        validation: How much to hold out where the data has no part for it: a share of the training
            pictures (below 1) or their number; none for the source's usual; 0 for nothing.
        seed: Of everything random; the same seed gives the same bits.
        verbose: 0: ``fit`` shows nothing; none: it shows its progress on a terminal and in
            notebooks, never in worker processes; 1: it prints a line an epoch elsewhere, too.
        engine: Who computes: a name of :data:`pellucid.engines.ENGINES`, ``"torch:cuda"`` say.
        start_from: A model file or a run's folder whose weights ``fit`` starts from; everything
            learns. The architecture is then the model's own, and so is the size of pictures unless
            ``image_size`` is given; channels and classes are those of the data. Layers that do not
            fit these start anew. None: from scratch.
        warm_start: Whether a further ``fit`` starts from what this classifier has learned or
            loaded, in the same way; else it starts from scratch (or from ``start_from``).

    Attributes:
        classes_: What ``predict`` answers, an array (K,), in the order of the probabilities.
        history_: A row an epoch, as :class:`pellucid.training.history.Epoch`; of a loaded model,
            too, if its file has it.
    """

    _from_file = False  # whether what is known was loaded, and not learned here
    _read_start: tuple[Path, Model] | None = None  # what start_from names, once it has been read

    def __init__(
        self,
        architecture: str | Sequential | Callable[[int], Sequential] = DEFAULT_ARCHITECTURE,
        *,
        epochs: int | None = None,
        batch_size: int | None = None,
        optimizer: str = "sgd",
        learning_rate: float | None = None,
        schedule: str = "one-cycle",
        weight_decay: float | None = None,
        label_smoothing: float | None = None,
        class_weights: tuple[float, ...] | str | None = None,
        patience: int | None = None,
        ema: float | None = None,
        augmentation: str | Augmentation | None = None,
        image_size: tuple[int, int] | None = None,
        max_pixels: int = MAX_PIXELS,
        validation: float | None = None,
        seed: int = 0,
        verbose: int | None = None,
        engine: str = DEFAULT,
        start_from: str | os.PathLike[str] | None = None,
        warm_start: bool = False,
    ) -> None:
        self.architecture = architecture
        self.epochs = epochs
        self.batch_size = batch_size
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.weight_decay = weight_decay
        self.label_smoothing = label_smoothing
        self.class_weights = class_weights
        self.patience = patience
        self.ema = ema
        self.augmentation = augmentation
        self.image_size = image_size
        self.max_pixels = max_pixels
        self.validation = validation
        self.seed = seed
        self.verbose = verbose
        self.engine = engine
        self.start_from = start_from
        self.warm_start = warm_start
        self._fitted: _Fitted | None = None

    # ------------------------------------------------------------------ scikit-learn's conventions

    @classmethod
    def _settings(cls) -> list[str]:
        return [name for name in inspect.signature(cls.__init__).parameters if name != "self"]

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The settings by name."""
        return {name: getattr(self, name) for name in self._settings()}

    def set_params(self, **settings: object) -> Self:
        """Change settings; they take effect at the next ``fit``.

        Raises:
            ArgumentError: For a name that is no setting.
        """
        for name, value in settings.items():
            if name not in self._settings():
                raise ArgumentError(
                    f"an ImageClassifier has no setting {name!r}; there are "
                    f"{', '.join(self._settings())}"
                )
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        defaults = inspect.signature(type(self).__init__).parameters
        given = {
            name: value
            for name, value in self.get_params().items()
            if repr(value) != repr(defaults[name].default)
        }
        return f"{type(self).__name__}({brief_settings(given)})"

    def __getstate__(self) -> dict[str, Any]:
        """What is pickled: settings and the model file's bytes; see :mod:`pellucid.pickling`."""
        if self._fitted is None:
            return state_of(self.get_params(), None)
        layers = self._layers(len(self.classes_)) if callable(self.architecture) else None
        return state_of(self.get_params(), self.model_, layers)

    def __setstate__(self, state: Any) -> None:
        settings, model = restored(state, self._settings())
        self.__init__(**settings)  # type: ignore[misc]
        if model is not None:
            program = get_engine(self.engine).load(model.network)
            self._fitted = _Fitted(model, program, history_of(model))
            self._from_file = True

    def __copy__(self) -> Self:
        return copy.deepcopy(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        copied = type(self)(**copy.deepcopy(self.get_params(), memo))
        if self._fitted is not None:
            model = copy.deepcopy(self.model_, memo)
            program = get_engine(self.engine).load(model.network)
            copied._fitted = replace(self._fitted, model=model, program=program)
            copied._from_file = self._from_file
        return copied

    def __sklearn_tags__(self) -> Any:
        """What scikit-learn asks when it is handed this classifier: only then is it imported."""
        from sklearn.utils import ClassifierTags, InputTags, Tags, TargetTags

        return Tags(
            estimator_type="classifier",
            target_tags=TargetTags(required=True),
            classifier_tags=ClassifierTags(),
            input_tags=InputTags(two_d_array=False, three_d_array=True),
        )

    def __sklearn_is_fitted__(self) -> bool:
        return self._fitted is not None

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
            notes: Plain JSON values to be kept with the state, for whoever resumes the run.
            watchers: Told how training goes, after every step and epoch; the folder comes first.
            finish: Called at last with the fitted classifier, while nobody else can write in the
                run's folder: whatever belongs to the run is written here. What it raises is raised.
            verbose: Instead of the classifier's setting, this once.

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
        folder = None if out is None else Path(out)
        if resume and (folder is None or overwrite):
            raise ArgumentError(
                "resume goes on with the run in out: give that folder, and leave overwrite out"
            )
        if folder is not None and not resume:
            try_run_folder(folder, overwrite=overwrite)  # before the pictures cost any time
        check_max_pixels(self.max_pixels)
        checks.truth("warm_start", self.warm_start)
        before = resumed(read_saved_run(folder)) if resume and folder is not None else None
        origin = None if before is not None else self._origin()
        if origin is None and before is None and self._from_file:
            warnings.warn(FROM_SCRATCH, StartsFromScratchWarning, stacklevel=2)
        size = None if before is None else before.network.graph.input_shape
        data, validation = self._training_data(
            pictures, labels, validation_data, allow_one_class=allow_one_class, size=size
        )
        architecture = self._architecture_name() if before is None else before.architecture
        recipe = self._recipe(epochs, data, None if before is None else architecture)
        if recipe.patience is not None and validation is None:
            raise ArgumentError(
                "patience waits for a better validation, but there are no validation pictures; "
                "hold some out (validation=0.1), or leave patience out"
            )
        if not allow_one_class:
            _check_several_classes(data)
        network, start_record = self._first_network(data, recipe.seed, before)
        graph = network.graph
        check_batch_norms(graph, len(data), recipe.batch_size)  # before there is a run's folder
        model = Model(
            network,
            data.classes,
            Preprocessing(*data.image_shape, value_range=data.value_range),
            provenance(
                architecture, recipe, data, validation, self.engine, self.max_pixels, start_record
            ),
            data.label_kind,
        )
        engine = get_engine(self.engine)
        learning = Learning(recipe.loss, recipe.optimizer, recipe.seed)
        program = engine.load(model.network, learning=learning)
        with ExitStack() as stack:
            start = run = None
            if folder is not None:
                run = RunFolder(
                    folder, model, overwrite=overwrite, resume=resume, minutes=minutes, notes=notes
                )
                stack.enter_context(run)
                if run.remark:
                    warnings.warn(run.remark, DamagedStateWarning, stacklevel=2)
                start = run.start
                watchers = (run, *watchers)  # what others tell of an epoch is then safe
            shows = self.verbose if verbose is None else verbose
            with progress_watcher(shows, recipe.epochs, watchers) as bar:
                trained = train(
                    program, data, recipe,
                    validation=validation,
                    watchers=watchers if bar is None else [*watchers, bar],
                    start=start,
                )  # fmt: skip
            model = trained.best_model(model)
            self._fitted = _Fitted(model, engine.load(model.network), trained.history, recipe)
            self._from_file = False
            if run is not None:
                run.let_signals_act()  # nothing of the training is left that they could break
            if finish is not None:
                finish(self)
        return self

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
            labels: Likewise.
            lowest: The first rate.
            highest: The last.
            steps: How many are tried, with a batch each.
            seeds: How often all of it is done, each time with other first weights and another
                order of pictures; once where training starts from a model.
            progress: Told the number of steps taken, and of all, after each.

        Raises:
            TrainingDivergedError: If the loss explodes at the lowest rates already.
            PellucidError: Whatever is wrong with data or settings; one line.
        """
        data, _ = self._training_data(pictures, labels, None)
        recipe = self._recipe(None, data)
        _check_several_classes(data)
        network, started = self._first_network(data, recipe.seed)
        if started is not None:  # other seeds would try other first weights
            seeds = 1
        program = get_engine(self.engine).load(
            network,
            learning=Learning(recipe.loss, recipe.optimizer, recipe.seed),
        )
        return find_learning_rate(
            program, data, recipe,
            lowest=lowest, highest=highest, steps=steps, seeds=seeds,
            usual=self.usual_learning_rate(data), progress=progress,
        )  # fmt: skip

    def check_settings(self) -> Self:
        """Raise now what ``fit`` would raise for the settings alone, before any data is read.

        Raises:
            ArgumentError: For an unknown name or a value out of range.
            MissingDependencyError: If the engine's library is not installed.
        """
        self._recipe()
        check_max_pixels(self.max_pixels)
        check_validation(self.validation)
        if self.image_size is not None:
            check_image_size(self.image_size)
        get_engine(self.engine)
        checks.truth("warm_start", self.warm_start)
        if isinstance(self.architecture, str) and self.start_from is None:
            get_architecture(self.architecture)
        return self

    @property
    def planned_epochs(self) -> int:
        """How many epochs ``fit`` trains for: the setting, or what is usual.

        For few pictures it may be more, see :meth:`planned_recipe`.
        """
        return (
            default_settings(self._planned_architecture()).epochs
            if self.epochs is None
            else self.epochs
        )

    def planned_recipe(self, data: Dataset) -> Recipe:
        """How ``fit`` would train on this data: the settings, completed by what is usual.

        Raises:
            ArgumentError: For an unknown name or a value out of range.
        """
        return self._recipe(data=data)

    def usual_learning_rate(self, data: Dataset) -> float:
        """The learning rate that ``fit`` takes for this data where the setting is none."""
        plain = type(self)(**{**self.get_params(), "learning_rate": None})
        return plain.planned_recipe(data).learning_rate

    def _usual_rate(self, recipe: Recipe) -> float:
        """The learning rate for a recipe's optimizer and batch size where none is given."""
        kind = recipe.optimizer.kind
        own = (
            default_settings(self._planned_architecture()).learning_rate if kind == "sgd" else None
        )
        return usual_learning_rate(kind, recipe.batch_size, own)

    def _recipe(
        self,
        epochs: int | None = None,
        data: Dataset | None = None,
        architecture: str | None = None,
    ) -> Recipe:
        """The recipe; without data, what is taken from them gets a value that stands for it."""
        taken = default_settings(
            self._planned_architecture() if architecture is None else architecture
        )
        given = {
            name: default if (value := getattr(self, name)) is None else value
            for name, default in vars(taken).items()
        }
        given["learning_rate"] = self.learning_rate  # the usual one depends on the batch size
        rule = find_name("optimizer", self.optimizer, OPTIMIZERS)
        batch_size, class_weights = self.batch_size, self.class_weights
        if batch_size is None:
            height, width, _ = (1, 1, 1) if data is None else data.image_shape
            batch_size = automatic_batch_size(0 if data is None else len(data), height, width)
        if epochs is not None:
            given["epochs"] = epochs
        elif self.epochs is None and data is not None:
            checks.whole("batch_size", batch_size)
            given["epochs"] = automatic_epochs(taken.epochs, len(data), batch_size)
        if isinstance(class_weights, str):
            if class_weights != "balanced":
                raise ArgumentError(
                    "class_weights must be 'balanced', a tuple of numbers or None, got "
                    f"{class_weights!r:.80}"
                )
            class_weights = (
                None if data is None else balanced_weights(data.places, len(data.classes))
            )
        return make_recipe(
            optimizer=self.optimizer,
            rate_at_128=taken.learning_rate if rule == "sgd" else None,
            pictures=None if data is None else len(data),
            schedule=self.schedule,
            class_weights=class_weights,
            batch_size=batch_size,
            seed=self.seed,
            patience=self.patience,
            ema=self.ema,
            **given,
        )

    def _training_data(
        self,
        pictures: Pictures,
        labels: Sequence[Any] | NDArray[Any] | None,
        validation_data: Dataset | tuple[Any, Any] | None,
        *,
        allow_one_class: bool = False,
        size: Sequence[int] | None = None,
    ) -> tuple[Dataset, Dataset | None]:
        """The data; pictures of a run that is resumed are of the size that it began with."""
        data, validation, quarantined = training_data(
            pictures, labels, validation_data,
            allow_one_class=allow_one_class,
            image_size=self.reading_size(pictures, size),
            validation=self.validation,
            seed=self.seed,
            max_pixels=self.max_pixels,
        )  # fmt: skip
        for note in quarantine_note(quarantined):
            warnings.warn(note, QuarantineWarning, stacklevel=3)
        return data, validation

    def _layers(self, classes: int) -> Sequential:
        layers: object = self.architecture
        if isinstance(layers, str):
            layers = get_architecture(layers)
        if callable(layers):
            layers = layers(classes)
        if not isinstance(layers, Sequential):
            raise ArgumentError(
                "architecture must be a name, a Sequential([...]), or a function that makes one "
                f"from the number of classes, got {type(layers).__name__}"
            )
        return layers

    def _origin(self) -> Model | None:
        """The model that ``fit`` starts from; none: it starts from scratch."""
        if self.warm_start and self._fitted is not None:
            return self._fitted.model
        return None if self.start_from is None else self._start_model(Path(self.start_from))

    def _start_model(self, path: Path) -> Model:
        if self._read_start is None or self._read_start[0] != path:
            self._read_start = path, load_model(model_path(path))
        return self._read_start[1]

    def _planned_architecture(self) -> object:
        """The architecture that ``fit`` would train, as far as it can be known."""
        try:
            origin = self._origin()
        except PellucidError:  # a run that is resumed needs it no more; fit says what is wrong
            return self.architecture
        return self.architecture if origin is None else architecture_of(origin)

    def reading_size(
        self, pictures: object, size: Sequence[int] | None = None
    ) -> tuple[int, int] | None:
        """The size of picture files: the setting, or that of the model to start from.

        Args:
            pictures: The data, as :meth:`fit` takes them; arrays are never resized.
            size: (height, width, …) instead of the model's.

        Returns:
            (height, width); none: what :func:`pellucid.data.load` chooses.
        """
        if size is None and self.image_size is None and (origin := self._origin()) is not None:
            size = origin.network.graph.input_shape
        if size is None or self.image_size is not None or not are_picture_files(pictures):
            return self.image_size
        return size[0], size[1]

    def _first_network(
        self, data: Dataset, seed: int, before: Start | None = None
    ) -> tuple[Network, dict[str, Any] | None]:
        """The network that training begins with, and where it comes from if not from scratch."""
        if before is not None:
            return before.network, before.record
        origin = self._origin()
        if origin is None:
            graph = self._graph(data)
            return Network(graph, classifier_weights(graph, seed)), None
        started = self._start(origin, data, seed)
        return started.network, started.record

    def _start(self, origin: Model, data: Dataset, seed: int) -> Start:
        again = self.warm_start and self._fitted is not None
        if again or self.start_from is None:
            name = "the classifier itself"
        else:  # where it lies is no part of where a model comes from
            *_, folder, last = Path(self.start_from).absolute().parts
            name = f"{folder}/{last}" if last == RunFolder.MODEL else last
        if self.architecture not in (DEFAULT_ARCHITECTURE, architecture_of(origin)):
            check_architecture(self._own_architecture_name(), origin, name)
        mean, deviation = _statistics(data)
        return start_from(origin, name, data, mean, deviation, seed)

    def start_line(self, data: Dataset) -> str | None:
        """Which model ``fit`` would start from and which layers anew, in a line; none: no model."""
        origin = self._origin()
        return None if origin is None else self._start(origin, data, self.seed).line

    def _graph(self, data: Dataset) -> Graph:
        layers = self._layers(len(data.classes))
        # Normalisation is part of the network, so that it takes raw pixels wherever it goes.
        mean, deviation = _statistics(data)
        normalise = Normalise(mean, deviation, name="normalise")
        graph = Sequential([normalise, *layers.layers]).graph(data.image_shape)
        if graph.output_shape != (len(data.classes),):
            raise ShapeError(
                f"the last layer must give one logit for each of the {len(data.classes)} classes, "
                f"got {describe(graph.output_shape)}; end with Dense({len(data.classes)})"
            )
        if graph.nodes[-1].operation.kind == "softmax":
            raise ArgumentError(
                "the last layer must give logits: leave the Softmax() out, the classifier and the "
                "loss apply it themselves"
            )
        return graph

    def _architecture_name(self) -> str:
        """What the provenance calls the architecture that is trained."""
        origin = self._origin()
        return self._own_architecture_name() if origin is None else architecture_of(origin)

    def _own_architecture_name(self) -> str:
        if isinstance(self.architecture, str):
            return find_name("architecture", self.architecture, ARCHITECTURES)
        return getattr(self.architecture, "__name__", "custom")

    # ----------------------------------------------------------------------------------- answering

    def predict(self, pictures: Picture | Sequence[Picture] | NDArray[Any]) -> Any:
        """What pictures show: one class for one picture, an array (N,) for several.

        Classes are given as they were at ``fit``, also after saving and loading: integers for
        MNIST and for labels that were integers, names for folders of pictures.

        Args:
            pictures: A path, the bytes of a file, a Pillow image or pixels (H, W) or (H, W, C): one
                picture, of any size. A list of those: several. An array (N, H, W) or (N, H, W, C)
                of the network's own size: several. Pixels are uint8, 0..255.
        """
        answers = self.classes_[self.predict_proba(pictures).argmax(axis=-1)]
        return answers if isinstance(answers, np.ndarray) else answers.item()

    def predict_proba(
        self, pictures: Picture | Sequence[Picture] | NDArray[Any]
    ) -> NDArray[np.float64]:
        """The probability of every class, (K,) for one picture, (N, K) for several; rows sum to 1.

        Args:
            pictures: As in :meth:`predict`.
        """
        logits, single = self._logits(pictures)
        probabilities = softmax(logits.astype(np.float64))
        return np.asarray(probabilities[0] if single else probabilities)

    def score(
        self,
        pictures: Pictures,
        labels: Sequence[Any] | NDArray[Any] | None = None,
    ) -> float:
        """The accuracy on labelled pictures, 0 to 1; see :meth:`evaluate`."""
        return self.evaluate(pictures, labels).accuracy

    def evaluate(
        self,
        pictures: Pictures,
        labels: Sequence[Any] | NDArray[Any] | None = None,
    ) -> Report:
        """Judge the classifier on labelled pictures.

        Args:
            pictures: As in :meth:`fit`. Of ``Splits``, the test part is used; of a folder or a
                built-in set, what was not learned, as ``pellucid evaluate`` does.
            labels: One a picture, where pixels are given: of the kind that ``predict`` answers.

        Raises:
            DataError: If the pictures' size or classes are not the network's, or labels are of
                another kind than its answers.
        """
        data, _ = evaluation_data(pictures, labels, self.model_, max_pixels=self.max_pixels)
        return evaluate(self._learned.program, data, classes=self.model_.classes)

    def diagnose(self, pictures: Dataset, report: Report | None = None) -> tuple[Diagnosis, ...]:
        """Look for what usually goes wrong in training, and say it in words with numbers.

        Args:
            pictures: Pictures that were not learned, those of validation say.
            report: What :meth:`evaluate` said of them, if that is known already.

        Returns:
            What was found; nothing if training went well. Of a loaded model, whose course is not
            known, only what its answers show.
        """
        if len(self.classes_) < 2:  # whatever the answer, it is right
            return ()
        judged = self.evaluate(pictures) if report is None else report
        recipe = self._learned.recipe  # without it, losses of the course cannot be judged
        return diagnose(
            [] if recipe is None else self.history_,
            classes=len(self.classes_),
            confusion=judged.confusion,
            activity=activity(self.model_.network, pictures.images, engine=get_engine(self.engine)),
            recipe=recipe,
            setup=Setup(self.model_.network.graph, _recipe_of(self.model_)),
            names=self.model_.classes,
            usual_rate=None if recipe is None else self._usual_rate(recipe),
        )

    def unlike(self, picture: Picture) -> Unlike | None:
        """How a picture differs from those that were learned; None if it is like them.

        Compared are mean level, level at the border, contrast and colourfulness, by ranges that
        training keeps in the model (see :mod:`pellucid.data.picture_statistics`).

        Args:
            picture: As in :meth:`trace`.
        """
        found = ReferencedPictures(self.model_, max_pixels=self.max_pixels).resolved(picture)
        return unlike_picture(self.model_, found, self.max_pixels)

    def values(self, picture: Picture) -> dict[str, NDArray[Any]]:
        """Every layer's output for one picture, by layer name, without a batch axis.

        ``input`` holds the pixels, ``probabilities`` the softmax of the logits.
        """
        images, _ = self._images([picture])
        program = self._learned.program
        values = {name: value[0] for name, value in program.values(images).items()}
        return {**values, "probabilities": softmax(values[program.graph.output])}

    def trace(self, picture: Picture) -> Trace:
        """Every number between a picture and the answer, in the lecture's order.

        ``trace.value("conv2", at=(3, 7, 5))`` opens one of them into all its terms.

        Args:
            picture: A path, the bytes of a file, a Pillow image or pixels (H, W) or (H, W, C).
        """
        return trace(self, picture)

    def backward(
        self, picture: Picture, label: str | int, *, learner: UpdateRule | None = None
    ) -> Backward:
        """The loss of a picture whose class is known, and every gradient of it.

        ``backward.weight("conv2.kernel", at=(1, 0, 3, 5))`` opens one of them into all its terms.

        Args:
            picture: As in :meth:`trace`.
            label: The right class, as :meth:`predict` answers it, or its name as a text. Where
                labels are texts, an integer is the class's place, from 0.
            learner: Loss and optimizer; none: those that the classifier was trained with.

        Raises:
            ArgumentError: If there is no such class.
        """
        return backward(self, picture, label, learner=learner)

    def explain(
        self,
        picture: Picture,
        method: str = "evidence",
        *,
        target: str | int | None = None,
        against: str | int | None = None,
        **options: Any,
    ) -> Heatmap | Evidence:
        """Why the answer is what it is: evidence that adds up, or a heatmap.

        Args:
            picture: As in :meth:`trace`.
            method: A name of :data:`pellucid.explain.methods.METHODS`, ``"grad-cam"`` say.
            target: The class in question, its name as a text or its place as an integer; none:
                the answer.
            against: The class to compare it with; none: no other, for evidence the likeliest other.
            options: The method's own, ``layer="conv2"`` for Grad-CAM say.

        Raises:
            ArgumentError: If the method, a class, an option or a layer is unknown or does not fit.
        """
        activations = Activations.of(self, picture)
        return explain(activations, method, target=target, against=against, **options)

    operated = OldAttribute("edited")

    def edited(self, *edits: Edit) -> Self:
        """A new classifier whose network is changed; this one stays as it is.

        Args:
            edits: Of :mod:`pellucid.explain.surgery`, ``Mute("conv2", 3)`` say, in their order.

        Returns:
            One with the same settings and class labels, and without a history.

        Raises:
            ArgumentError: If there is no such layer, map, weight or kernel, or the change does not
                suit it.
        """
        model = edit_model(self.model_, edits)
        program = get_engine(self.engine).load(model.network)
        return self._changed(_Fitted(model, program))

    def renamed(self, classes: ClassNames | Sequence[int]) -> Self:
        """A new classifier with other class names; this one stays as it is.

        Args:
            classes: One name for each class, in the order of ``classes_``: a list, ``"cat,dog"``,
                or the path of a file with one name a line. Integers are answered as such.

        Raises:
            DataError: If there are more or fewer names than classes, or two are the same or differ
                only in case or blanks.
        """
        learned = self._learned
        return self._changed(replace(learned, model=renamed(learned.model, classes)))

    def _changed(self, fitted: _Fitted) -> Self:
        changed = type(self)(**self.get_params())
        changed._fitted = fitted
        changed._from_file = True  # in this, too, nothing was learned here
        return changed

    def _logits(
        self, pictures: Picture | Sequence[Picture] | NDArray[Any]
    ) -> tuple[NDArray[Any], bool]:
        """The logits (N, K), and whether a single picture was meant; a batch is read at a time."""
        program = self._learned.program
        if not isinstance(pictures, list | tuple) or not pictures:
            images, single = self._images(pictures)
            return forward(program, images), single
        size = images_at_once(program.forward_bytes)
        batches = [
            program.forward(self._images(pictures[part])[0]) for part in parts(len(pictures), size)
        ]
        return np.concatenate(batches), False

    def _images(
        self, pictures: Picture | Sequence[Picture] | NDArray[Any]
    ) -> tuple[NDArray[Any], bool]:
        """A batch of images, and whether a single picture was meant."""
        preprocessing = self.model_.preprocessing
        if isinstance(pictures, np.ndarray):
            looks_single = pictures.ndim == 2 or (
                pictures.ndim == 3 and pictures.shape[-1] in (1, 3)
            )
            if looks_single:
                return preprocessing.read(pictures)[None], True
            batch = preprocessing.eight_bit(pictures)
            batch = batch[..., None] if batch.ndim == 3 else batch
            check_bytes("pixels", batch)
            if batch.ndim != 4 or batch.shape[1:] != preprocessing.shape or not len(batch):
                raise ShapeError(
                    f"the network takes pictures {array_shape(preprocessing.shape)}, got an array "
                    f"of shape {pictures.shape}; pictures of another size can be given one by one, "
                    "in a list"
                )
            return 255 - batch if preprocessing.invert else batch, False
        limit = self.max_pixels
        check_max_pixels(limit)
        resolved = ReferencedPictures(self.model_, max_pixels=limit).resolved
        if isinstance(pictures, list | tuple):
            if not pictures:
                raise DataError("there must be at least one picture, got an empty list")
            return np.stack(
                [preprocessing.read(resolved(each), max_pixels=limit) for each in pictures]
            ), False
        found = resolved(pictures)  # type: ignore[arg-type]
        return preprocessing.read(found, max_pixels=limit)[None], True

    # ---------------------------------------------------------------------------------- what it is

    @property
    def model_(self) -> Model:
        """The network with its class names, preprocessing and provenance.

        Raises:
            NotFittedError: Before ``fit`` or ``load``.
        """
        return self._learned.model

    @property
    def program_(self) -> Program:
        """The network as the engine computes it.

        Raises:
            NotFittedError: Before ``fit`` or ``load``.
        """
        return self._learned.program

    @property
    def classes_(self) -> NDArray[Any]:
        """What :meth:`predict` answers, (K,), in the order of the probabilities.

        Integers (int64) or texts, as the labels were; ``model_.classes`` are always the names.
        """
        return self.model_.answers

    @property
    def history_(self) -> History:
        """The training history, a row an epoch, also of a loaded model.

        A model file does not keep speed and seconds, which are then 0, and that of a run ends with
        its best epoch, but a run's folder has all; files of older versions have none.
        """
        return History(self._learned.history)

    def summary(self) -> Summary:
        """Layer by layer: output shape, parameters, multiply-adds, receptive field."""
        return summarise(self.model_.network.graph)

    @property
    def _learned(self) -> _Fitted:
        if self._fitted is None:
            raise NotFittedError(
                "this ImageClassifier has learned nothing yet; call fit(...) or load a model file"
            )
        return self._fitted

    # --------------------------------------------------------------------------------------- files

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model file (``.safetensors``).

        Raises:
            OutputError: If it cannot be written; an earlier file there is then untouched.
        """
        save_model(path, self.model_)

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str],
        *,
        engine: str = DEFAULT,
        max_pixels: int | None = None,
        invert: bool = False,
    ) -> ImageClassifier:
        """The classifier in a model file, or in a run folder.

        Args:
            path: Where it is.
            engine: Who computes.
            max_pixels: Picture files with more pixels are refused; None for the limit that it was
                trained with, or the usual one where that is lower.
            invert: Whether black and white of every picture are exchanged before the network sees
                it; data sets that are read for :meth:`evaluate` stay as they are.

        Raises:
            FileFormatError: If it is not a sound model file.
            DataError: If there is no such file, or no model in that folder.
        """
        model = load_model(model_path(Path(path)))
        if invert:
            model = replace(model, preprocessing=replace(model.preprocessing, invert=True))
        limit = safe_max_pixels(model.provenance) if max_pixels is None else max_pixels
        check_max_pixels(limit)
        classifier = cls(engine=engine, max_pixels=limit)
        architecture = model.provenance.get("architecture")
        if isinstance(architecture, str):
            classifier.architecture = architecture
        program = get_engine(engine).load(model.network)
        classifier._fitted = _Fitted(model, program, run_history(Path(path)) or history_of(model))
        classifier._from_file = True
        return classifier


def _statistics(data: Dataset) -> tuple[list[float], list[float]]:
    """Mean and deviation of each channel, as the network's first layer has them."""
    mean, deviation = channel_statistics(data.images)
    return [round(level, 4) for level in mean], [round(max(level, 1.0), 4) for level in deviation]


def _recipe_of(model: Model) -> dict[str, Any]:
    """The recipe in a model's provenance; empty where it has none."""
    told = model.provenance.get("recipe")
    return told if isinstance(told, dict) else {}


def _check_several_classes(data: Dataset) -> None:
    if len(data.classes) < 2:
        raise DataError(
            f"{data.name}: a classifier needs at least 2 classes, got 1 class, "
            f"{data.classes[0]!r}; add pictures of another"
        )
