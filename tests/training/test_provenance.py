"""What a model's origin tells about pictures: which of them it has not seen."""

from __future__ import annotations

from typing import Any

import pytest

from pellucid.data.split import stratified_split
from pellucid.files.provenance import unseen
from pellucid.training import make_recipe
from pellucid.training.provenance import provenance
from tests.training.scripted import dataset

EVERYTHING = dataset(60)
POSITIONS = stratified_split(EVERYTHING.places, {"validation": 0.2, "test": 0.1}, seed=3)
TRAIN, VALIDATION, TEST = (
    EVERYTHING.subset(POSITIONS[part], part) for part in ("train", "validation", "test")
)
ORIGIN = provenance("mine", make_recipe(seed=3), TRAIN, VALIDATION, "reference")


def changed(**values: Any) -> dict[str, Any]:
    return {**ORIGIN, **values}


def test_what_was_set_aside() -> None:
    found = unseen(ORIGIN, EVERYTHING)
    assert found is not None
    assert found.fingerprint() == TEST.fingerprint()
    assert len(found) == 6


ELSEWHERE: dict[str, dict[str, Any]] = {
    "another seed": changed(recipe={"seed": 4}),
    "other pictures": changed(data={"fingerprint": "0" * 64}),
    "another validation": changed(validation={"pictures": 11}),
    "no validation": changed(validation=None),
    "nothing recorded": {},
    "more than there are": changed(validation={"pictures": 10**30}),
    "a negative number": changed(validation={"pictures": -1}),
    "no number": changed(validation={"pictures": "12"}),
    "no object": changed(validation=[12]),
    "no seed": changed(recipe={"seed": None}),
    "a negative seed": changed(recipe={"seed": -3}),
    "text": changed(recipe="seed"),
}


@pytest.mark.parametrize("origin", ELSEWHERE.values(), ids=ELSEWHERE)
def test_a_model_from_elsewhere(origin: dict[str, Any]) -> None:
    assert unseen(origin, EVERYTHING) is None


def test_other_pictures() -> None:
    assert unseen(ORIGIN, EVERYTHING.subset(range(59))) is None
    assert unseen(ORIGIN, dataset(1)) is None
    assert unseen(ORIGIN, TEST) is None
