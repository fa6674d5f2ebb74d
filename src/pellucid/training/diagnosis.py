"""Why a network does not learn as it should, in words, each with the number that shows it.

Every rule has its limits in :data:`LIMITS`; what they leave alone is taken to be well. Causes show
in several ways, so that one training may well have several diagnoses. After an epoch or two, much
of it is no fault yet: then the words say how early it is, and the first advice is to train for
longer.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from pellucid import checks
from pellucid.errors import ArgumentError
from pellucid.metrics.chance import enough_pictures, of_support
from pellucid.text import counted, listed, printable
from pellucid.training import advice
from pellucid.training.advice import Setup
from pellucid.training.recipe import default_learning_rate

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from pellucid.training.dead_units import Activity
    from pellucid.training.history import Epoch
    from pellucid.training.recipe import Recipe


@dataclass(frozen=True)
class Limits:
    """Where each rule begins to speak.

    Attributes:
        epochs: How many epochs rules on the course of training need.
        early: Epochs before which what longer training often mends is marked as such.
        stuck: The loss has never come below this share of that of guessing, ln K.
        worse_than_guessing: The last loss is this many times that of guessing.
        far_worse: Or that of validation this many times; overfitting alone does not come so far.
        not_learned: The last loss is above this share of that of guessing, so that a rate can be
            too low at all.
        low_rate: The peak learning rate is this share of the optimizer's default, or less.
        standing: From the first epoch to the last, the loss has fallen by less than this share.
        one_class: This share of all answers is one class.
        others_right: Of the pictures of all other classes, less than this share is right.
        frequent: How many times the pictures of an average class make a class frequent.
        gap: Training accuracy is so much above that of validation, 0 to 1.
        deviations: And how many standard errors of the latter, where its pictures' number is known.
        dead: This share of a layer's units is 0 for all pictures.
    """

    epochs: int = 2
    early: int = 4
    stuck: float = 0.95
    worse_than_guessing: float = 1.5
    far_worse: float = 100.0
    not_learned: float = 0.5
    low_rate: float = 0.1
    standing: float = 0.01
    one_class: float = 0.98
    others_right: float = 0.02
    frequent: float = 1.5
    gap: float = 0.1
    deviations: float = 2.0
    dead: float = 0.5


LIMITS = Limits()


@dataclass(frozen=True)
class Diagnosis:
    """One thing that is wrong with a training.

    Attributes:
        kind: ``stuck``, ``high_rate``, ``low_rate``, ``dead_units``, ``one_class``, ``guessing``
            or ``overfitting``.
        words: What shows, with its numbers, in one line.
        advice: What to do, in one line.
        numbers: The numbers in the words, for programs.
    """

    kind: str
    words: str
    advice: str
    numbers: dict[str, float]

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        return asdict(self)


def diagnose(
    history: Sequence[Epoch],
    *,
    classes: int,
    confusion: NDArray[np.int64] | None = None,
    activity: Sequence[Activity] = (),
    recipe: Recipe | None = None,
    names: Sequence[str] | None = None,
    setup: Setup | None = None,
    default_rate: float | None = None,
) -> tuple[Diagnosis, ...]:
    """Look for common faults.

    Args:
        history: A row an epoch; rules on the course of training are left out for fewer than two.
        classes: K, at least 2.
        confusion: The trained network's answers to pictures that it did not learn, by true class
            (row) and predicted class (column), (K, K).
        activity: What :func:`pellucid.training.dead_units.activity` found on some pictures.
        recipe: How the network was trained; without it, losses are taken to be cross-entropies, and
            learning rates are not compared with the default.
        names: What the classes are called; none: their numbers, from 0.
        setup: What was trained and how, so that nothing is advised that is there already.
        default_rate: The learning rate where none is given; none: the optimizer's default for the
            recipe's batch size.

    Returns:
        What was found; nothing for a training that goes well.

    Raises:
        ArgumentError: If there are not at least 2 classes, or the confusion matrix has not as many.
    """
    checks.whole("classes", classes, 2)
    if confusion is not None and confusion.shape != (classes, classes):
        raise ArgumentError(
            f"confusion must be ({classes}, {classes}), a row and a column for each class, got "
            f"{confusion.shape}"
        )
    setup = setup or Setup()
    if recipe is not None and not setup.recipe:
        setup = replace(setup, recipe=recipe.to_dict())
    guessing = _loss_of_guessing(classes, recipe)
    if default_rate is None and recipe is not None:
        default_rate = default_learning_rate(recipe.optimizer.kind, recipe.batch_size)
    course: list[Diagnosis | None] = [_exploded(history, guessing, default_rate)]
    if len(history) >= LIMITS.epochs:
        low = _low_rate(history, guessing, recipe, default_rate)
        course = [
            _stuck(history, classes, guessing, _other_rate(recipe, default_rate), setup),
            *course,
            # what hardly moved has not been thrown up by too large steps
            _worse_than_guessing(history, guessing, default_rate)
            if course == [None] and low is None
            else None,
            low,
        ]
    shown_by_answers = [
        dead_units(activity, setup, history),
        None if confusion is None else _one_class(confusion, names, setup),
        None if confusion is None else _no_better_than_guessing(confusion, names, setup, history),
    ]
    causes = [each for each in course if each is not None]
    # a rate that is too high or too low does not mend itself
    hopeless = any(each.kind in ("high_rate", "low_rate") for each in causes)
    found = [*causes, *(each for each in shown_by_answers if each is not None)]
    if 0 < len(history) < LIMITS.early and not hopeless and not setup.only_head:
        found = [_told_early(each, setup, history) for each in found]
    if len(history) >= LIMITS.epochs:
        overfitting = _overfitting(history[-1], confusion, setup)
        found += [] if overfitting is None else [overfitting]
    return tuple(found)


def _told_early(diagnosis: Diagnosis, setup: Setup, history: Sequence[Epoch]) -> Diagnosis:
    """The same after very little training, when it is often no fault yet."""
    longer = advice.train_longer(setup, history)
    return replace(
        diagnosis,
        words=f"after only {counted(len(history), 'epoch')}, which is often too early to tell: "
        f"{diagnosis.words}",
        advice=f"{longer} first; if it stays so: {diagnosis.advice}",
    )


def _loss_of_guessing(classes: int, recipe: Recipe | None) -> float:
    """The loss of a network that gives every class the same probability, 1/K."""
    if recipe is not None and recipe.loss.kind == "mean_squared_error":
        return 1.0 - 1.0 / classes
    return math.log(classes)


def _stuck(
    history: Sequence[Epoch], classes: int, guessing: float, other_rate: str, setup: Setup
) -> Diagnosis | None:
    lowest = min(row.loss for row in history)
    if not LIMITS.stuck * guessing <= lowest:
        return None
    return Diagnosis(
        "stuck",
        f"the loss never came below {lowest:.3f} in {counted(len(history), 'epoch')}; guessing "
        f"among {counted(classes, 'class')} costs {guessing:.3f}: hardly anything has been learned",
        other_rate + setup.check_labels,
        {"lowest_loss": lowest, "loss_of_guessing": guessing},
    )


def _other_rate(recipe: Recipe | None, default: float | None) -> str:
    """Advice to take the default learning rate, as a beginning of a line, where another was taken.

    It does not advise to search for a rate, since the rate may come from such a search.
    """
    if recipe is None or default is None:
        return ""
    if default / 3 <= recipe.learning_rate <= 3 * default:
        return ""
    return f"leave --learning-rate out (default {default:g}, it was {recipe.learning_rate:g}); "


def _exploded(history: Sequence[Epoch], guessing: float, default: float | None) -> Diagnosis | None:
    back = sum(row.roll_backs for row in history)
    if not back:
        return None
    words = f"the loss exploded, and the learning rate was halved {counted(back, 'time')}"
    return _high_rate(history, guessing, default, words)


def _worse_than_guessing(
    history: Sequence[Epoch], guessing: float, default: float | None
) -> Diagnosis | None:
    last, what = history[-1].loss, "loss"
    validated = history[-1].validation_loss
    if validated is not None and validated > LIMITS.far_worse * guessing:
        last, what = validated, "validation loss"
    elif last <= LIMITS.worse_than_guessing * guessing:
        return None
    words = (
        f"the {what} is {last:.4g} after {counted(len(history), 'epoch')}, worse than guessing, "
        f"which costs {guessing:.3f}"
    )
    return _high_rate(history, guessing, default, words)


def _high_rate(
    history: Sequence[Epoch], guessing: float, default: float | None, words: str
) -> Diagnosis:
    peak = max(row.learning_rate for row in history)
    cure = f"--learning-rate {peak / 10:.1g}"
    if default is not None and default < peak / 3:
        cure = f"leave --learning-rate out (default {default:g})"
    return Diagnosis(
        "high_rate",
        f"{words}: the learning rate is too high; it was up to {peak:.3g}",
        f"lower it: {cure}",
        {
            "last_loss": history[-1].loss,
            "loss_of_guessing": guessing,
            "learning_rate": peak,
            "roll_backs": float(sum(row.roll_backs for row in history)),
            "skipped_batches": float(sum(row.skipped_batches for row in history)),
        },
    )


def _low_rate(
    history: Sequence[Epoch], guessing: float, recipe: Recipe | None, default: float | None
) -> Diagnosis | None:
    first, last = history[0].loss, history[-1].loss
    peak = max(row.learning_rate for row in history) if recipe is None else recipe.learning_rate
    if last <= LIMITS.not_learned * guessing:
        return None
    if default is not None and peak <= LIMITS.low_rate * default:
        described = f"the learning rate, up to {peak:.3g}, is too low; the default is {default:g}"
    elif recipe is None and abs(first - last) < LIMITS.standing * first:
        described = f"the learning rate, up to {peak:.3g}, may be too low"
    else:
        return None
    numbers = {"first_loss": first, "last_loss": last, "learning_rate": peak}
    return Diagnosis(
        "low_rate",
        f"in {counted(len(history), 'epoch')} the loss only went from {first:.4g} to {last:.4g}: "
        f"{described}",
        "raise it: leave --learning-rate out",
        numbers if default is None else {**numbers, "usual_learning_rate": default},
    )


def dead_units(
    activity: Sequence[Activity], setup: Setup, history: Sequence[Epoch]
) -> Diagnosis | None:
    """The fault that many units of a layer are 0 for every picture; none if they are not."""
    bad = [each for each in activity if each.dead >= LIMITS.dead * each.units]
    if not bad:
        return None
    worst = max(bad, key=lambda each: each.dead / each.units)
    pictures = counted(worst.pictures, setup.noun)
    also = [each.layer for each in bad if each is not worst]
    others = f"; the same in {listed(also)}" if also else ""
    return Diagnosis(
        "dead_units",
        f"in layer {printable(worst.layer)}, {worst.dead} of {worst.units} units are 0 for every "
        f"one of {pictures}: they are dead, and no gradient reaches what feeds them{others}",
        advice.revive(setup, max((row.learning_rate for row in history), default=None)),
        {
            "dead": float(worst.dead),
            "units": float(worst.units),
            "share": worst.dead / worst.units,
            "layers": float(len(bad)),
        },
    )


def _one_class(
    confusion: NDArray[np.int64], names: Sequence[str] | None, setup: Setup
) -> Diagnosis | None:
    count = int(confusion.sum())
    if not count:
        return None
    answers = confusion.sum(axis=0)
    favourite = int(answers.argmax())
    own = int(confusion[favourite].sum())
    right = int(confusion.diagonal().sum() - confusion[favourite, favourite])
    others = count - own
    share = float(answers[favourite]) / count
    if not others or share < LIMITS.one_class or right >= LIMITS.others_right * others:
        return None
    called = (
        f"class number {favourite}" if names is None else f"class {printable(names[favourite])}"
    )
    large = own > LIMITS.frequent * count / len(confusion)
    return Diagnosis(
        "one_class",
        f"{share:.1%} of all answers are {called}, to which {own / count:.1%} of the "
        f"{setup.noun}s belong; of the other classes' {counted(others, setup.noun)}, {right} are "
        "right",
        advice.mind_small_classes(setup)
        if large
        else setup.check_labels
        if setup.only_head  # it takes no steps
        else f"lower the learning rate, and {setup.check_labels}",
        {
            "class": float(favourite),
            "share_of_answers": share,
            "share_of_pictures": own / count,
            "others_right": float(right),
        },
    )


def _no_better_than_guessing(
    confusion: NDArray[np.int64],
    names: Sequence[str] | None,
    setup: Setup,
    history: Sequence[Epoch],
) -> Diagnosis | None:
    support = confusion.sum(axis=1)
    if not support.any():
        return None
    called = [f"class number {k}" for k in range(len(support))] if names is None else names
    found = of_support(int(confusion.diagonal().sum()), support, called)
    if found.better_than_guessing or found.guessing == 1.0:  # 1: one class cannot be told apart
        return None
    enough = enough_pictures(found.accuracy, found.guessing)
    return Diagnosis(
        "guessing",
        f"accuracy on {counted(found.count, setup.noun)} is {found.accuracy:.2%} "
        f"({found.interval}): no better than {found.always}, which would be right in "
        f"{found.guessing:.2%}",
        advice.beat_guessing(
            setup,
            history,
            enough=None if enough is None or enough <= found.count else enough,
            uneven=found.guessing * len(support) > LIMITS.frequent,
        ),
        {
            "accuracy": found.accuracy,
            "low": found.low,
            "high": found.high,
            "guessing": found.guessing,
            "pictures": float(found.count),
        },
    )


def _overfitting(row: Epoch, confusion: NDArray[np.int64] | None, setup: Setup) -> Diagnosis | None:
    if row.accuracy is None or row.validation_accuracy is None:
        return None
    gap = row.accuracy - row.validation_accuracy
    pictures = 0 if confusion is None else int(confusion.sum())
    chance = 0.0
    if pictures:
        chance = math.sqrt(row.validation_accuracy * (1.0 - row.validation_accuracy) / pictures)
    if gap < LIMITS.gap or gap < LIMITS.deviations * chance:
        return None
    return Diagnosis(
        "overfitting",
        f"accuracy is {row.accuracy:.1%} on the training {setup.noun}s but "
        f"{row.validation_accuracy:.1%} on those of validation: the network learns its "
        f"{setup.noun}s by heart",
        advice.generalise(setup),
        {
            "accuracy": row.accuracy,
            "validation_accuracy": row.validation_accuracy,
            "gap": gap,
        },
    )
