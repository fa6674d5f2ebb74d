"""Check a training state's fields before anything is made of them.

A state file is sealed by a checksum that anyone can compute, so each field is checked for its type,
its range, and whether it agrees with the others.
"""

from __future__ import annotations

import math
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.text import quoted, truncated
from pellucid.training.live.formats import HIGHEST_FACTOR, LOWEST_FACTOR
from pellucid.training.recovery import MOST_ROLL_BACKS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pellucid.ops.operation import Array

_LARGEST = 1 << 53
"""No counter is larger: beyond, floating-point numbers skip whole ones."""

OPTIMIZER, OPTIMIZER_OF = "optimizer", "optimizer-"
"""The part of arrays that the step ``train`` remembers; what that of any other step begins with."""

_PARTS = ("weights", OPTIMIZER, "average", "best")


def check_state(arrays: Mapping[str, Array], values: Mapping[str, Any]) -> None:
    """Check what :func:`pellucid.training.checkpoint.from_file` reads.

    Args:
        arrays: As :meth:`pellucid.training.checkpoint.Checkpoint.arrays` gives them.
        values: As its ``values`` gives them, among others.

    Raises:
        ValueError: Naming the first field that is missing, of another type, or out of range.
    """
    history = _field(values, "history", "the state")
    if not isinstance(history, list):
        raise _wrong("history", history, "a list of epochs")
    for number, row in enumerate(history, start=1):
        _check_epoch(row, number)
    done = len(history)
    best = _whole(values, "best_epoch", "the state", most=done)
    if (best == 0) != (done == 0):
        raise _wrong("best_epoch", best, f"an epoch from 1 to {done}" if done else "0")
    now = _tally(values, "now", done + 1)
    good = None if _field(values, "good", "the state") is None else _tally(values, "good", done + 1)
    if good is not None and good["batch"] > now["batch"]:
        raise _wrong("good.batch", good["batch"], f"at most that of now, {now['batch']}")
    _check_recovery(_field(values, "recovery", "the state"))
    _check_rate_changes(values.get("rate_changes", []))
    _check_arrays(arrays, now, good)


def _check_arrays(
    arrays: Mapping[str, Array], now: Mapping[str, Any], good: Mapping[str, Any] | None
) -> None:
    parts: dict[str, dict[str, Array]] = {}
    for name, array in arrays.items():
        part, _, own = name.rpartition("/")
        known = part.removeprefix("good/")
        if known.startswith(OPTIMIZER_OF) and known != OPTIMIZER_OF:
            known = OPTIMIZER
        if known not in _PARTS or part == "good/best" or not own:
            raise ValueError(f"it holds the array {quoted(name)}, which no training has")
        parts.setdefault(part, {})[own] = array
    weights = parts.get("weights", {})
    if not weights:
        raise ValueError("it holds no weights")
    if (good is None) != ("good/weights" not in parts):
        raise ValueError("the arrays of its good state do not fit 'good'")
    for part, found in parts.items():
        if part.removeprefix("good/").startswith(OPTIMIZER):
            _check_optimizer(part, found, weights)
            continue
        if part != "weights":
            _check_same(part, found, weights)
        steady = part != "weights" or now["batch"] == 0
        for name, array in found.items():
            _check_values(f"{part}/{name}", array, finite=steady)
    for start, moment in (("", now), ("good/", good)):
        if moment is None:
            continue
        if not any(part.startswith(f"{start}{OPTIMIZER}") for part in parts):
            raise ValueError(f"it holds no arrays of {start}optimizer")
        if bool(moment["average"]) != (f"{start}average" in parts):
            raise ValueError(f"the arrays of {start}average do not fit its counters")


def _check_same(part: str, found: Mapping[str, Array], weights: Mapping[str, Array]) -> None:
    for name in [*weights, *found]:
        if name not in found or name not in weights:
            raise ValueError(f"{part} and weights differ in having {quoted(name)}")
        if found[name].shape != weights[name].shape:
            raise ValueError(
                f"the array {quoted(f'{part}/{name}')} has the shape {found[name].shape}; "
                f"expected that of its weight, {weights[name].shape}"
            )


def _check_optimizer(part: str, found: Mapping[str, Array], weights: Mapping[str, Array]) -> None:
    step = found.get("step")
    if step is None or step.shape != () or step.dtype.kind not in "iu":
        raise ValueError(f"{part}/step must be one whole number")
    if not 0 <= int(step) <= _LARGEST:
        raise ValueError(f"{part}/step is {int(step)}; expected 0 to {_LARGEST}")
    for name, array in found.items():
        if name == "step":
            continue
        weight = weights.get(name.rpartition(".")[0])
        if weight is None or weight.shape != array.shape:
            raise ValueError(
                f"the array {quoted(f'{part}/{name}')} {array.shape} belongs to no weight"
            )
        _check_values(f"{part}/{name}", array, finite=False)
        if name.endswith(".square") and (array < 0).any():
            raise ValueError(f"the array {quoted(f'{part}/{name}')} holds a negative square")


def _check_values(name: str, array: Array, *, finite: bool) -> None:
    if array.dtype not in (np.float32, np.float64):
        raise ValueError(f"the array {quoted(name)} is {array.dtype}; expected float32")
    if finite and not np.isfinite(array).all():
        raise ValueError(f"the array {quoted(name)} holds NaN or infinity")
    if finite and name.endswith(".variance") and (array < 0).any():
        raise ValueError(f"the array {quoted(name)} holds a negative variance")


def _tally(values: Mapping[str, Any], name: str, epoch: int) -> dict[str, Any]:
    moment = _object(_field(values, name, "the state"), name)
    if _whole(moment, "epoch", name, least=1) != epoch:
        raise _wrong(f"{name}.epoch", moment["epoch"], f"{epoch}, the one after the history")
    _whole(moment, "batch", name)
    images = _whole(moment, "images", name)
    _whole(moment, "correct", name, most=images)
    for each in ("loss_sum", "rate", "seconds"):
        _number(moment, each, name)
    if "waited" in moment:  # earlier states have none
        _number(moment, "waited", name)
    sums = _object(moment.get("sums", {}), f"{name}.sums")
    for measure in sums:
        _number(sums, measure, f"{name}.sums", least=-1e300)
    average = _field(moment, "average", name)
    if not isinstance(average, list) or len(average) not in (0, 2):
        raise _wrong(f"{name}.average", average, "two counters, or none")
    if average:
        counters = dict(zip(("steps", "taken in"), average, strict=True))
        steps = _whole(counters, "steps", f"{name}.average")
        _whole(counters, "taken in", f"{name}.average", most=steps)
    _only(moment, name, _TALLY)
    return moment


_TALLY = {
    "epoch", "batch", "images", "correct", "loss_sum", "rate", "seconds", "waited", "average",
    "sums",
}  # fmt: skip


def _check_epoch(row: object, number: int) -> None:
    from pellucid.training.history import TRAINING, VALIDATION, Epoch

    place = f"history[{number - 1}]"
    found = _object(row, place)
    if _whole(found, "epoch", place) != number:
        raise _wrong(f"{place}.epoch", found["epoch"], str(number))
    for name in ("loss", "learning_rate", "images_per_second", "seconds"):
        _number(found, name, place)
    if _field(found, "validation_loss", place) is not None:
        _number(found, "validation_loss", place)
    own = {field.name for field in fields(Epoch)} - {"measures", "training_measures"}
    measures = {name for name in found if name not in own and name.startswith(VALIDATION)}
    judged = found["validation_loss"] is not None
    if "accuracy" in found or (not measures and "validation_accuracy" in found):
        _number(found, "accuracy", place, most=1.0)
        if _field(found, "validation_accuracy", place) is not None:
            _number(found, "validation_accuracy", place, most=1.0)
        if judged != (found["validation_accuracy"] is not None):
            raise ValueError(
                f"{place} has one of validation_loss and validation_accuracy; needs both"
            )
    elif judged != bool(measures):
        raise ValueError(f"{place} has one of validation_loss and other measures; needs both")
    measures |= {name for name in found if name not in own and name.startswith(TRAINING)}
    for name in measures:
        _number(found, name, place, least=-1e300)
    for name in ("skipped_batches", "roll_backs"):  # earlier states lack these and the next
        if name in found:
            _whole(found, name, place)
    if "waited" in found:
        _number(found, "waited", place)
    _only(found, place, own | measures)


def _check_recovery(values: object) -> None:
    found = _object(values, "recovery")
    if _field(found, "first_loss", "recovery") is not None:
        _number(found, "first_loss", "recovery")
    if _field(found, "skipping", "recovery") is not None:
        _whole(found, "skipping", "recovery")
    _whole(found, "skipped", "recovery")
    in_all = _whole(found, "roll_backs", "recovery", most=MOST_ROLL_BACKS)
    _whole(found, "rolled_back", "recovery", most=in_all)
    _only(found, "recovery", {"first_loss", "skipping", "skipped", "roll_backs", "rolled_back"})


def _check_rate_changes(values: object) -> None:
    if not isinstance(values, list):
        raise _wrong("rate_changes", values, "a list")
    before = (0, 0)
    for number, each in enumerate(values):
        place = f"rate_changes[{number}]"
        found = _object(each, place)
        at = (_whole(found, "epoch", place, least=1), _whole(found, "batch", place))
        if at <= before:
            raise _wrong(f"{place}.batch", found["batch"], "one after the change before")
        before = at
        _number(found, "factor", place, least=LOWEST_FACTOR, most=HIGHEST_FACTOR)
        _only(found, place, {"epoch", "batch", "factor"})


def _field(values: Mapping[str, Any], name: str, place: str) -> Any:
    if name not in values:
        raise ValueError(f"{place} lacks {name!r}")
    return values[name]


def _object(value: object, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _wrong(name, value, "an object")
    return value


def _only(values: Mapping[str, Any], place: str, known: set[str]) -> None:
    if odd := sorted(values.keys() - known):
        raise ValueError(f"{place} has an unknown field {quoted(odd[0])}")


def _whole(
    values: Mapping[str, Any], name: str, place: str, *, least: int = 0, most: int = _LARGEST
) -> int:
    value = _field(values, name, place)
    if type(value) is not int or not least <= value <= most:
        raise _wrong(f"{place}.{name}", value, f"a whole number from {least} to {most}")
    return value


def _number(
    values: Mapping[str, Any],
    name: str,
    place: str,
    *,
    least: float = 0.0,
    most: float = math.inf,
) -> None:
    value = _field(values, name, place)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not least <= value <= min(most, 1e300):
        expected = "a number, at least 0" if most == math.inf else f"a number from 0 to {most:g}"
        raise _wrong(f"{place}.{name}", value, expected)


def _wrong(name: str, value: object, expected: str) -> ValueError:
    return ValueError(
        f"{name.removeprefix('the state.')} is {truncated(repr(value), 60)}; expected {expected}"
    )
