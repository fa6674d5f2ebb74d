"""Everything that a training is at one moment, so that it can go on from there bit by bit."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pellucid.engines.engine import TRAIN
from pellucid.errors import FileFormatError
from pellucid.short_repr import short_repr
from pellucid.text import printable
from pellucid.training.history import Epoch
from pellucid.training.recovery import Recovery
from pellucid.training.result import RATE_CHANGES, RateChange, TrainingResult
from pellucid.training.state_checks import OPTIMIZER, OPTIMIZER_OF, check_state

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pellucid.engines import Program
    from pellucid.graph import Weights
    from pellucid.ops.operation import Array
    from pellucid.training.recipe import Recipe


@dataclass
class Tally:
    """How far training is in an epoch, and the sums so far.

    Attributes:
        epoch: From 1.
        batch: Batches of it that are done; the next one's number.
        images: Pictures learned in it.
        loss_sum: Over those.
        correct: How many of them were answered right.
        rate: The last step's learning rate.
        seconds: Since the epoch began, breaks left out.
        waited: Those of them in which steps waited for their pictures.
        sums: Of what else is measured over the pictures of the epoch, by name; never changed in
            place, since copies share it.
    """

    epoch: int = 1
    batch: int = 0
    images: int = 0
    loss_sum: float = 0.0
    correct: int = 0
    rate: float = 0.0
    seconds: float = 0.0
    waited: float = 0.0
    sums: Mapping[str, float] = field(default_factory=dict)


@short_repr
@dataclass(frozen=True, eq=False)
class Moment:
    """What changes from step to step; nobody else writes into its arrays.

    Attributes:
        tally: Where in the epoch.
        weights: The program's.
        optimizers: What each of the program's steps remembers, by the step's name, with the
            counter of steps that also draws dropout.
        average: The moving average of the weights; none if the recipe has none.
        counters: Of the average.
    """

    tally: Tally
    weights: Weights
    optimizers: dict[str, dict[str, Array]]
    average: Weights | None = None
    counters: tuple[int, ...] = ()

    def answering(self) -> Weights:
        """The weights that would answer: their moving average, if there is one."""
        return self.weights if self.average is None else self.average


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """Everything that a training is.

    Attributes:
        now: This moment.
        good: The one to go back to when a loss explodes; at an epoch's beginning, this one.
        recovery: What of that has been tried.
        trained: What has been reached.
    """

    now: Moment
    good: Moment
    recovery: Recovery
    trained: TrainingResult

    @property
    def between_epochs(self) -> bool:
        """Whether the last epoch is complete, and the next not begun."""
        return self.now.tally.batch == 0

    def arrays(self) -> dict[str, Array]:
        """All arrays by name. What would be there twice is there once."""
        found = _moment_arrays(self.now)
        if self.good is not self.now:
            found |= {f"good/{name}": array for name, array in _moment_arrays(self.good).items()}
        if self.trained.best_epoch and not self._best_is_now:
            found |= _under("best", self.trained.best_weights)
        return found

    def values(self) -> dict[str, Any]:
        """All the rest, as plain JSON values."""
        return {
            "history": [row.to_dict() for row in self.trained.history],
            "best_epoch": self.trained.best_epoch,
            "now": _moment_values(self.now),
            "good": None if self.good is self.now else _moment_values(self.good),
            "recovery": dataclasses.asdict(self.recovery),
            **self._rate_changes,
        }

    @property
    def _rate_changes(self) -> dict[str, Any]:
        """Only where there are any, since earlier versions know none."""
        changes = self.trained.rate_changes
        return {RATE_CHANGES: [dataclasses.asdict(each) for each in changes]} if changes else {}

    @property
    def _best_is_now(self) -> bool:
        return self.between_epochs and self.trained.best_epoch == len(self.trained.history)


def from_file(arrays: Mapping[str, Array], values: Mapping[str, Any], name: str) -> Checkpoint:
    """The checkpoint whose ``arrays()`` and ``values()`` these are.

    Raises:
        FileFormatError: If they are not, naming the file and the field.
    """
    try:
        check_state(arrays, values)
        now = _moment(values["now"], arrays, "")
        good = now if values["good"] is None else _moment(values["good"], arrays, "good/")
        history = [Epoch.from_dict(row) for row in values["history"]]
        best = _part(arrays, "best") or now.average or now.weights
        return Checkpoint(
            now,
            good,
            Recovery(**values["recovery"]),
            TrainingResult(
                history,
                values["best_epoch"],
                best if history else {},
                [RateChange(**each) for each in values.get(RATE_CHANGES, [])],
            ),
        )
    except (LookupError, TypeError, ValueError) as error:
        raise FileFormatError(
            f"{name}: holds no training that can be taken up again ({printable(str(error))}); "
            "train from scratch, in another folder"
        ) from error


def check_start(start: Checkpoint, recipe: Recipe, steps: int, pictures: int) -> None:
    """Check that a training can go on from a state with these pictures.

    Raises:
        FileFormatError: Naming the field that does not fit.
    """
    done = len(start.trained.history)
    for name, value, most in (
        ("history", done, recipe.epochs),
        ("now.batch", start.now.tally.batch, steps),
        ("good.batch", start.good.tally.batch, steps),
        ("now.images", start.now.tally.images, pictures),
    ):
        if value > most:
            raise FileFormatError(
                f"the state's {name} is {value}, at most {most} with these pictures and settings; "
                "train from scratch, in another folder"
            )
    for moment in (start.now, start.good):
        if (moment.average is None) == bool(recipe.ema):
            raise FileFormatError(
                "the state's average does not fit the setting ema; train from scratch, in another "
                "folder"
            )


def _moment_arrays(moment: Moment) -> dict[str, Array]:
    found = _under("weights", moment.weights)
    for name, state in moment.optimizers.items():
        found |= _under(OPTIMIZER if name == TRAIN else f"{OPTIMIZER_OF}{name}", state)
    return {**found, **_under("average", moment.average or {})}


def _moment_values(moment: Moment) -> dict[str, Any]:
    tally = dataclasses.asdict(moment.tally)
    if not moment.tally.sums:
        del tally["sums"]
    return {**tally, "average": list(moment.counters)}


def _moment(values: Mapping[str, Any], arrays: Mapping[str, Array], start: str) -> Moment:
    values = dict(values)
    counters = tuple(values.pop("average"))
    return Moment(
        Tally(**values),
        _part(arrays, f"{start}weights"),
        _optimizers(arrays, start),
        _part(arrays, f"{start}average") or None,
        counters,
    )


def _optimizers(arrays: Mapping[str, Array], start: str) -> dict[str, dict[str, Array]]:
    parts = {
        part.removeprefix(start): part
        for part in (name.rpartition("/")[0] for name in arrays)
        if part.startswith(f"{start}{OPTIMIZER}")
    }
    return {
        TRAIN if own == OPTIMIZER else own.removeprefix(OPTIMIZER_OF): _part(arrays, part)
        for own, part in parts.items()
    }


def optimizers_of(program: Program) -> dict[str, dict[str, Array]]:
    """Copies of what each step of a program remembers, by the step's name."""
    return {name: program.state(name) for name in program.steps}


def restore(program: Program, moment: Moment) -> None:
    """Bring a program's weights, and what its steps remember, to those of a moment.

    Raises:
        FileFormatError: If the moment is that of a training with other steps.
        ShapeError: If its arrays are not the program's.
    """
    if moment.optimizers.keys() != program.steps.keys():
        raise FileFormatError(
            f"the state is that of a training by the steps {_listed(moment.optimizers)}, expected "
            f"{_listed(program.steps)}; train from scratch, in another folder"
        )
    program.set_weights(moment.weights)
    for name, state in moment.optimizers.items():
        program.set_state(state, name)


def _listed(names: Mapping[str, object]) -> str:
    return ", ".join(map(printable, sorted(names))) or "none"


def _under(part: str, arrays: Mapping[str, Array]) -> dict[str, Array]:
    return {f"{part}/{name}": array for name, array in arrays.items()}


def _part(arrays: Mapping[str, Array], part: str) -> dict[str, Array]:
    start = f"{part}/"
    return {name[len(start) :]: a for name, a in arrays.items() if name.startswith(start)}
