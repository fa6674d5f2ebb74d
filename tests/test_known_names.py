"""Names as users type them: another case, without hyphens, misspelled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import pellucid as pl
from pellucid.architectures import ARCHITECTURES, default_settings, get_architecture
from pellucid.data.augment import get_augmentation
from pellucid.data.target_checks import unknown_class
from pellucid.engines import get_engine
from pellucid.errors import ArgumentError
from pellucid.explain.gallery import GALLERY, gallery_kernel
from pellucid.explain.methods import METHODS
from pellucid.known_names import MOST_SUGGESTED, find_name, near_names
from pellucid.optimizers import OPTIMIZERS
from pellucid.training import make_recipe
from pellucid.training.schedules import SCHEDULES

if TYPE_CHECKING:
    from pellucid import Dataset

EVERY = [*ARCHITECTURES, *GALLERY, *METHODS, *OPTIMIZERS, *SCHEDULES]


@pytest.mark.parametrize("name", EVERY)
def test_every_name_is_found_however_it_is_written(name: str) -> None:
    known = next(
        names for names in (ARCHITECTURES, GALLERY, METHODS, OPTIMIZERS, SCHEDULES)
        if name in names
    )  # fmt: skip
    for written in (name, name.upper(), name.replace("-", "_"), name.replace("-", "").title()):
        assert find_name("name", written, known) == name


def test_an_exact_name_is_preferred() -> None:
    assert find_name("class", "A-b", ["ab", "A-b"]) == "A-b"


@pytest.mark.parametrize("given", ["vgg-smal", "", 3, None])
def test_the_error_names_what_came_and_what_there_is(given: object) -> None:
    with pytest.raises(ArgumentError) as raised:
        find_name("architecture", given, ["vgg-small", "lecture"])
    assert repr(given) in str(raised.value)
    assert "vgg-small, lecture" in str(raised.value)
    assert ("did you mean 'vgg-small'" in str(raised.value)) == (given == "vgg-smal")


def test_names_in_python() -> None:
    assert get_architecture("VGG_Small") is ARCHITECTURES["vgg-small"]
    assert (
        default_settings("VGG Small")
        == default_settings("vgg-small")
        != default_settings("lecture")
    )
    assert gallery_kernel("Sobel_X").name == "sobel-x"
    assert get_augmentation("Photos, Horizontal-Flip=No") == get_augmentation(
        "photos,horizontal_flip=no"
    )
    assert get_engine("Reference").name == "reference"
    assert make_recipe(optimizer="AdamW", schedule="One_Cycle") == make_recipe(
        optimizer="adamw", schedule="one-cycle"
    )


def test_a_classifier_records_the_names_themselves(digits: tuple[Dataset, Dataset]) -> None:
    few = digits[0].subset(range(40))
    model = pl.ImageClassifier("VGG_Small", epochs=1, optimizer="SGD").fit(few)
    again = pl.ImageClassifier("vgg-small", epochs=1, optimizer="sgd").fit(few)
    assert model.model_.provenance["architecture"] == "vgg-small"
    assert model.get_params()["architecture"] == "VGG_Small"  # settings stay as they were given
    assert (model.predict_proba(few.images) == again.predict_proba(few.images)).all()


def test_of_many_names_those_that_may_be_meant_are_offered_alone() -> None:
    cats = [f"{kind} cat" for kind in ("tabby", "Persian", "Siamese", "wild", "big", "small")]
    known = ["castle", *cats, *(f"thing {k}" for k in range(993))]
    assert near_names("CAT", known) == cats[:MOST_SUGGESTED]
    assert near_names("persian_cat", known) == ["Persian cat"]
    assert near_names("castel", known) == ["castle"]
    assert near_names("qqq", known) == near_names("", known) == near_names(7, known) == []
    with pytest.raises(ArgumentError) as raised:
        find_name("class", "castel", known)
    assert "castle" in str(raised.value)
    assert "thing" not in str(raised.value)
    with pytest.raises(ArgumentError) as raised:
        find_name("class", "qqq", known)
    assert str(raised.value).count("thing") < 10


def test_a_class_of_some_data_that_a_model_lacks() -> None:
    told = str(unknown_class("list.csv", "Afghan_hound", ["tench", "Afghan Hound"]))
    assert "'Afghan Hound'" in told
    assert "tench" not in told
    assert "tench" in str(unknown_class("list.csv", "7", ["tench", "Afghan Hound"]))


def test_a_name_with_a_comma_is_told_in_quotes() -> None:
    with pytest.raises(ArgumentError, match="there are a, 'b, c'"):
        find_name("thing", "zzz", ["a", "b, c"])
