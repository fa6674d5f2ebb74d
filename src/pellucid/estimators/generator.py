"""The image generator: a network that makes pictures like those it was shown."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pellucid import checks
from pellucid.architectures.generator import Adversaries, adversaries
from pellucid.data.arrays import dataset_from
from pellucid.data.pictures import check_image_size
from pellucid.data.pillow import MAX_PIXELS
from pellucid.data.preprocessing import Preprocessing, check_max_pixels
from pellucid.data.quarantine import QuarantineWarning, quarantine_note
from pellucid.engines import DEFAULT, get_engine
from pellucid.errors import ArgumentError, DataError
from pellucid.estimators.generator_start import GeneratorStart, generator_start, resumed_start
from pellucid.estimators.opened_generator import OpenGenerator
from pellucid.estimators.remembered import remembered_model
from pellucid.estimators.sample_sheets import SampleSheets
from pellucid.files import Model
from pellucid.interop.models import find_model
from pellucid.ops import SigmoidCrossEntropy
from pellucid.optimizers import Adam
from pellucid.tasks import Generation
from pellucid.training.adversarial import SAMPLES, noise
from pellucid.training.arguments import are_picture_files, training_data
from pellucid.training.batches import batches_per_epoch, check_batch_norms
from pellucid.training.fit import Fitted, Run
from pellucid.training.fit_generator import fit_generator
from pellucid.training.provenance import provenance
from pellucid.training.recipe import Recipe
from pellucid.training.run_folder import MINUTES
from pellucid.training.saved_run import read_saved_run
from pellucid.training.schedules import Constant

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from pellucid.data.dataset import Dataset, Splits
    from pellucid.training import Watcher

    Pictures = Dataset | Splits | str | os.PathLike[str] | Mapping[str, Any] | NDArray[Any]
    """Pictures, with or without labels."""

ARCHITECTURE = "dcgan"

LATENT, WIDTH = 100, 32
"""What a generator has where nothing is given."""

LEAST_EPOCHS, LEAST_STEPS = 10, 2000
"""Of a training whose number of epochs is not given: as many epochs, and as many steps."""

SHEET = 64
"""Pictures that are drawn after each epoch: those of ``sample()``."""


class ImageGenerator(OpenGenerator):
    """Learns to make pictures like those it is shown: a DCGAN.

    The network is that of Radford et al. 2016, *Unsupervised representation learning with deep
    convolutional generative adversarial networks*, see :mod:`pellucid.architectures.generator`; how
    it learns is in :mod:`pellucid.training.adversarial`. Settings can be read and changed as those
    of :class:`pellucid.ImageClassifier`.

    Args:
        latent: How many normal numbers a picture is made of, 1 to 4096.
        width: Channels of the discriminator's first feature map, 1 to 1024; doubled where maps are
            halved, and twice as many in the generator.
        epochs: How often every picture is seen; none for 10, or more where these are less than
            2000 steps.
        batch_size: Pictures a step, at least 2.
        learning_rate: Of Adam with β₁ = 0.5, the same throughout.
        ema: The decay of the weights' moving average, 0.5 to 0.99999, which then makes the pictures
            and is kept; none: no average, the last weights.
        start_from: A generator whose weights training starts from, a model file or a run's folder;
            of a run, the discriminator's, too. ``latent`` and ``width`` are then its own.
        image_size: (height, width) that picture files are brought to, multiples of 4; none: by the
            pictures.
        max_pixels: Picture files with more pixels are left out, and never decoded.
        seed: Of everything random in training; the same seed gives the same bits.
        verbose: 0: ``fit`` shows nothing; none: its progress on a terminal and in notebooks.
        engine: Who computes: a name of :data:`pellucid.engines.ENGINES`.

    Attributes:
        history_: A row an epoch. ``loss`` is the generator's; ``training_measures`` has the
            discriminator's loss, and its mean probability that ``real`` and ``generated`` pictures
            are real: both near a half where it cannot tell them apart.
    """

    TASKS: ClassVar[tuple[str, ...]] = (Generation.kind,)

    def __init__(
        self,
        *,
        latent: int = LATENT,
        width: int = WIDTH,
        epochs: int | None = None,
        batch_size: int = 64,
        learning_rate: float = 4e-4,
        ema: float | None = 0.998,
        start_from: str | os.PathLike[str] | None = None,
        image_size: tuple[int, int] | None = None,
        max_pixels: int = MAX_PIXELS,
        seed: int = 0,
        verbose: int | None = None,
        engine: str = DEFAULT,
    ) -> None:
        self.latent, self.width, self.epochs = latent, width, epochs
        self.batch_size, self.learning_rate = batch_size, learning_rate
        self.ema, self.start_from = ema, start_from
        self.image_size, self.max_pixels = image_size, max_pixels
        self.seed, self.verbose, self.engine = seed, verbose, engine
        super().__init__()

    # ------------------------------------------------------------------------------------ learning

    def check_settings(self) -> Self:
        """Raise now what ``fit`` would raise for the settings alone, before any data is read.

        Raises:
            ArgumentError: For an unknown name or a value out of range.
            MissingDependencyError: If the engine's library is not installed.
        """
        checks.whole("latent", self.latent, 1, 4096)
        checks.whole("width", self.width, 1, 1024)
        checks.whole("batch_size", self.batch_size, 2)
        self._recipe(self.epochs, 2)
        check_max_pixels(self.max_pixels)
        if self.image_size is not None:
            check_image_size(self.image_size)
        get_engine(self.engine)
        self._start()
        return self

    def fit(
        self,
        pictures: Pictures,
        *,
        epochs: int | None = None,
        out: str | os.PathLike[str] | None = None,
        overwrite: bool = False,
        resume: bool = False,
        minutes: float = MINUTES,
        notes: Mapping[str, Any] | None = None,
        watchers: Sequence[Watcher] = (),
        finish: Callable[[Self], object] | None = None,
        verbose: int | None = None,
        live: bool = True,
        replay: bool = False,
    ) -> Self:
        """Train from scratch, or from where a run was left.

        Args:
            pictures: A data set, whatever its labels; ``Splits``, or what
                :func:`pellucid.data.load` takes, of which the training part is learned; or pixels
                (N, H, W, C) or (N, H, W), uint8 0..255.
            epochs: Instead of the setting, this once.
            out: A folder for the run: configuration, history, model, last state, and in
                ``samples`` what ``sample()`` would make after each epoch.
            overwrite: Whether that folder may hold a run already, which is then replaced when the
                first epoch is done.
            resume: Go on with the run in that folder, which must have been begun with the same
                settings and pictures: the result is that of a run without a break, bit by bit.
            minutes: How often the state is kept within an epoch, besides after each.
            notes: Plain JSON values to be kept with the state.
            watchers: Notified after every step and epoch; the folder comes first.
            finish: Called at last with the fitted generator, while nobody else can write in the
                run's folder.
            verbose: Instead of the setting, this once.
            live: Whether the run can be watched and steered while it is trained, by files in
                ``out/live``.
            replay: Whether the weights after each epoch are kept, in ``out/replay``.

        Warns:
            QuarantineWarning: If a folder has files that cannot be used; they are left out.
            DamagedStateWarning: If the newest state of the run to resume is damaged, and the one
                before it is used.

        Raises:
            TrainingDivergedError: If a loss is no longer finite.
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
        if run is not None:
            run.check()
        self.check_settings()
        start = resumed_start(read_saved_run(run.folder)) if run and resume else self._start()
        data = self._training_data(pictures, seed=self.seed, size=self.reading_size(pictures))
        recipe = self._recipe(self.epochs if epochs is None else epochs, len(data))
        networks = self._networks(data, recipe, start)
        latent, width = self._sizes(start)
        record = provenance(
            ARCHITECTURE,
            recipe,
            data,
            None,
            self.engine,
            self.max_pixels,
            None if start is None else start.record,
        )
        model = Model(
            networks.network,
            Generation(latent),
            Preprocessing(*data.image_shape, sound=data.sound, value_range=data.value_range),
            {**record, "task": Generation.kind, "width": width},
        )

        if run is not None:
            drawn = noise(SHEET, latent, seed=0, stream=SAMPLES)
            watchers = [SampleSheets(run.folder, Generation(latent), drawn), *watchers]

        def take(fitted: Fitted) -> None:
            self._fitted, self._from_file = fitted, False
            if finish is not None:
                finish(self)

        fit_generator(
            model, networks, recipe, data.images, self.engine,
            run=run, watchers=watchers, finish=take,
            verbose=self.verbose if verbose is None else verbose,
        )  # fmt: skip
        return self

    def _training_data(
        self, pictures: Pictures, *, seed: int, size: tuple[int, int] | None
    ) -> Dataset:
        if hasattr(pictures, "__array__"):
            return dataset_from(pictures, (), task=Generation.kind)
        held = 0 if isinstance(pictures, str | os.PathLike | Mapping) else None
        data, _, quarantined = training_data(
            pictures, None,
            allow_one_class=True, image_size=size, validation=held, seed=seed,
            max_pixels=self.max_pixels, tasks=(Generation.kind,),
        )  # fmt: skip
        for note in quarantine_note(quarantined):
            warnings.warn(note, QuarantineWarning, stacklevel=3)
        return data

    def planned_epochs(self, data: Dataset) -> int:
        """How often ``fit`` would see every picture of some data."""
        return self._recipe(self.epochs, len(data)).epochs

    def reading_size(self, pictures: object) -> tuple[int, int] | None:
        """The size of picture files: the setting, or that of the generator to start from.

        Args:
            pictures: The data, as :meth:`fit` takes them; arrays are never resized.
        """
        if self.image_size is not None or self.start_from is None:
            return self.image_size
        if not are_picture_files(pictures):
            return None
        shape = remembered_model(self.start_from, self.engine).preprocessing.shape
        return shape[0], shape[1]

    def start_line(self) -> str | None:
        """Which generator ``fit`` would start from, in a line; none: no one."""
        start = self._start()
        return None if start is None else start.line

    def _start(self) -> GeneratorStart | None:
        """The generator to start from, which the settings must not contradict."""
        if self.start_from is None:
            return None
        start = generator_start(self.start_from, self.engine)
        for name, default in (("latent", LATENT), ("width", WIDTH)):
            given, own = getattr(self, name), getattr(start, name)
            if given not in (default, own):
                raise ArgumentError(
                    f"{name} is {given}, but {start.name} has {own}; leave it out, or train from "
                    "scratch"
                )
        return start

    def _sizes(self, start: GeneratorStart | None) -> tuple[int, int]:
        return (self.latent, self.width) if start is None else (start.latent, start.width)

    def _networks(self, data: Dataset, recipe: Recipe, start: GeneratorStart | None) -> Adversaries:
        if len(data) < 2:
            raise DataError(f"{data.name}: a generator needs at least 2 pictures, got {len(data)}")
        latent, width = self._sizes(start)
        found = adversaries(data.image_shape, latent=latent, width=width, seed=recipe.seed)
        if start is not None:
            start.put_into(found)
        check_batch_norms(found.whole, len(data), recipe.batch_size)
        return found

    def _recipe(self, epochs: int | None, pictures: int) -> Recipe:
        if epochs is None:
            steps = batches_per_epoch(pictures, self.batch_size)
            epochs = max(LEAST_EPOCHS, -(-LEAST_STEPS // steps))
        return Recipe(
            optimizer=Adam(beta1=0.5),
            learning_rate=self.learning_rate,
            schedule=Constant(),
            loss=SigmoidCrossEntropy(),
            epochs=epochs,
            batch_size=self.batch_size,
            seed=self.seed,
            ema=self.ema,
        )

    # --------------------------------------------------------------------------------------- files

    def _take_settings(self, model: Model) -> None:
        assert isinstance(model.task, Generation)
        self.latent = model.task.latent
        if type(width := model.provenance.get("width")) is int:
            self.width = width

    @classmethod
    def load(cls, path: str | os.PathLike[str], *, engine: str = DEFAULT) -> Self:
        """The generator in a model file or a run folder.

        Args:
            path: Where it is.
            engine: Who computes.

        Raises:
            FileFormatError: If it is not a sound model file.
            DataError: If there is no such file, no model in that folder, or one for another task.
        """
        return cls._of_model(find_model(path, engine=get_engine(engine)), path, engine)
