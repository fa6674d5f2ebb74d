"""Mistakes: wrong answers, wrong labels among training pictures, and the nearest of these."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pellucid import ImageClassifier
from pellucid.data import load
from pellucid.data.decisions import Decision, Decisions, read_decisions
from pellucid.data.reading import Reading
from pellucid.evaluation.find_mistakes import find_mistakes
from pellucid.evaluation.predict_logits import predict_logits
from pellucid.files.learned_parts import learned_parts
from pellucid.ops.softmax import probabilities
from pellucid.transfer import nearest as nearest_module
from pellucid.transfer.nearest import nearest_rows
from pellucid.transfer.principal import principal_components

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid import Dataset
    from pellucid.evaluation.mistakes import Mistakes

WRONG = 10
"""Labels that are switched, of about 540 real digits."""

EVERY = ("train", "validation", "test")


@pytest.fixture(scope="module")
def switched(digits: tuple[Dataset, Dataset]) -> tuple[dict[str, Any], dict[str, str]]:
    """Digits 0 to 3, of which ten have another label; what these are by their names."""
    chosen = np.flatnonzero(digits[0].places < 4)
    images, labels = digits[0].images[chosen], digits[0].places[chosen]
    draws = np.random.default_rng(4)
    wrong = draws.choice(len(chosen), WRONG, replace=False)
    given = labels.copy()
    given[wrong] = (labels[wrong] + draws.integers(1, 4, WRONG)) % 4
    names = {f"all[{i}]": str(labels[i]) for i in wrong.tolist()}
    return {"x": images, "y": given}, names


@pytest.fixture(scope="module")
def trained(switched: tuple[dict[str, Any], dict[str, str]]) -> ImageClassifier:
    return ImageClassifier("lecture", epochs=3, batch_size=32, seed=1, verbose=0).fit(switched[0])


@pytest.fixture(scope="module")
def found(trained: ImageClassifier, switched: tuple[dict[str, Any], dict[str, str]]) -> Mistakes:
    return find_mistakes(trained, switched[0], name="m", of=EVERY)


def test_wrong_labels_are_found_in_training_too(
    found: Mistakes, switched: tuple[dict[str, Any], dict[str, str]]
) -> None:
    names = switched[1]
    by_path = {each.path: each for each in found.rows}
    assert names.keys() <= by_path.keys()
    assert {by_path[path].part for path in names} >= {"train"}
    first = [each.path for each in found.rows[: WRONG + 3]]
    assert len(names.keys() & set(first)) >= WRONG - 1
    for path, true in names.items():
        assert (by_path[path].answered, by_path[path].label) == (true, true)
    assert sum(each.path in names for each in found.suspicious) >= WRONG - 3
    assert [each.confidence for each in found.rows] == sorted(
        (each.weight for each in found.rows), reverse=True
    )
    assert sum(found.pairs.values()) == len(found) == found.of
    assert {each.by for each in found.rows if each.part == "train"} == {"folds"}
    assert {each.by for each in found.rows if each.part != "train"} <= {"network"}


def test_the_network_s_own_answers_are_those_of_predict(
    found: Mistakes, trained: ImageClassifier, switched: tuple[dict[str, Any], dict[str, str]]
) -> None:
    splits = load(switched[0], seed=1)
    counts = {each.part: each for each in found.parts}
    for part in (splits.validation, splits.test):
        assert part is not None
        given = probabilities(predict_logits(trained, part, "m"))
        wrong = np.flatnonzero(given.argmax(axis=1) != part.places).tolist()
        rows = {each.index: each for each in found.rows if each.part == part.name}
        assert sorted(rows) == wrong
        assert (counts[part.name].pictures, counts[part.name].wrong) == (len(part), len(wrong))
        for i, each in rows.items():
            assert each.confidence == pytest.approx(given[i].max(), abs=1e-6)
            assert each.of_label == pytest.approx(given[i, part.places[i]], abs=1e-6)
            assert each.true == part.classes[part.places[i]]
            image = found.picture(each.path)
            assert image is not None
            assert np.array_equal(image, part.images[i])
            assert each.guesses[0] == (each.answered, each.confidence)


def test_the_list_filled_in_mends_the_labels(
    found: Mistakes, switched: tuple[dict[str, Any], dict[str, str]], tmp_path: Path
) -> None:
    arrays, names = switched
    lines = found.to_csv().splitlines()
    filled = [
        line.replace(",,", ",move,", 1) if line.split(",")[0] in names else line for line in lines
    ]
    (tmp_path / "d.csv").write_text("\n".join(filled), encoding="utf-8")
    decisions = read_decisions(tmp_path / "d.csv")
    assert len(decisions) == WRONG
    assert all(each.digest for each in decisions.rows)
    splits = load(arrays, seed=1, decisions=decisions)
    assert any(f"0 kept, {WRONG} moved, 0 left out" in note for note in splits.notes)


def test_parts_are_those_of_training_and_decisions_leave_pictures_out(
    trained: ImageClassifier, switched: tuple[dict[str, Any], dict[str, str]], found: Mistakes
) -> None:
    arrays, _ = switched
    splits = load(arrays, seed=1)
    parts, _ = learned_parts(arrays, trained.model_, wanted=EVERY)
    for part, data in zip(parts, (splits.train, splits.validation, splits.test), strict=True):
        assert data is not None
        assert np.array_equal(np.concatenate(list(part.blocks())), data.images)
        assert part.learned == (data is splits.train)
    gone, kept, moved = (each.path for each in found.rows[:3])
    rows = (
        Decision(gone, "leave-out"),
        Decision(kept, "keep", note="right"),
        Decision(moved, "move", found.rows[2].label),
    )
    reading = Reading(decisions=Decisions("d", rows))
    again = find_mistakes(trained, arrays, of=EVERY, reading=reading)
    by_path = {each.path: each for each in again.rows}
    assert gone not in by_path
    assert moved not in by_path
    assert (by_path[kept].decision, by_path[kept].note) == ("keep", "right")
    assert kept not in {each.path for each in again.only(undecided=True).rows}
    assert sum(each.pictures for each in again.parts) == len(arrays["y"]) - 1


def test_the_nearest_training_pictures(
    found: Mistakes, trained: ImageClassifier, switched: tuple[dict[str, Any], dict[str, str]]
) -> None:
    rows = [each for each in found.rows if each.part == "train"][:2] + [
        each for each in found.rows if each.part != "train"
    ][:2]
    near = found.neighbours_of(rows, 4)
    parts, _ = learned_parts(switched[0], trained.model_, wanted=("train",))
    from pellucid.engines import get_engine
    from pellucid.transfer.body import Body
    from pellucid.transfer.features import FeatureReader

    reader = FeatureReader(Body.of(trained.model_, "m"), get_engine("native"), None)
    learned = reader.read(np.concatenate(list(parts[0].blocks()))).astype(np.float64)
    for row, of_one in zip(rows, near, strict=True):
        image = found.picture(row.path)
        assert image is not None
        own = reader.read(image[np.newaxis])[0].astype(np.float64)
        cosines = learned @ own / np.linalg.norm(learned, axis=1) / np.linalg.norm(own)
        if row.part == "train":
            cosines[row.index] = -2
        order = np.argsort(-cosines, kind="stable")[:4]
        assert [each.name for each in of_one] == [parts[0].paths[k] for k in order]
        assert [each.similarity for each in of_one] == pytest.approx(cosines[order], abs=2e-5)
        assert [each.label for each in of_one] == [parts[0].targets.text(int(k)) for k in order]
    record = found.first(2).with_neighbours(3).to_dict()
    assert [len(each["neighbours"]) for each in record["mistakes"]] == [3, 3]


def test_neighbours_are_the_same_in_any_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    draws = np.random.default_rng(0)
    some, many = draws.normal(size=(7, 5)), draws.normal(size=(30, 5)).astype(np.float32)
    many[3] = many[9]  # of equals the first
    some[0] = many[3]
    apart = np.array([-1, 4, -1, 0, -1, -1, 29])
    rows, values = nearest_rows(some, many, 6, apart_from=apart)
    assert rows[0, :2].tolist() == [3, 9]
    assert all(apart[i] not in rows[i] for i in (1, 3, 6))
    monkeypatch.setattr(nearest_module, "_VALUES", 64)
    again = nearest_rows(some, many, 6, apart_from=apart)
    assert np.array_equal(rows, again[0])
    assert np.allclose(values, again[1], atol=1e-6)
    assert nearest_rows(some, many, 99)[0].shape == (7, 30)


def test_principal_components_keep_what_differs() -> None:
    """Distances between standardised pictures stay what they are where nothing is dropped."""
    draws = np.random.default_rng(1)
    for shape in ((60, 20), (20, 60)):
        features = (draws.normal(size=shape) * 5 + 3).astype(np.float32)
        rows = (features - features.mean(axis=0)) / features.std(axis=0)
        found = principal_components(features, 100)
        assert found.shape[1] <= min(shape)
        assert np.allclose(found @ found.T, rows @ rows.T, atol=2e-3)
        few = principal_components(features, 3)
        assert few.shape == (shape[0], 3)
        largest = np.linalg.svd(rows, compute_uv=False)[:3] ** 2
        assert np.allclose(sorted((few**2).sum(axis=0), reverse=True), largest, rtol=1e-3)


def test_several_labels_have_a_mistake_each(digits: tuple[Dataset, Dataset]) -> None:
    some = digits[0].subset(np.flatnonzero(digits[0].places < 3))
    marks = np.stack([some.places == 0, some.places < 2], axis=1).astype(np.uint8)
    marks[5] = 1 - marks[5]
    arrays = {"x": some.images, "y": marks}
    model = ImageClassifier("lecture", epochs=2, batch_size=32, seed=0, verbose=0).fit(arrays)
    found = find_mistakes(model, arrays, of=EVERY)
    rows = [each for each in found.rows if each.path == "all[5]"]
    assert len(rows) == 2
    for each in rows:
        word, name = each.true.split()
        assert each.answered == f"{'with' if word == 'without' else 'without'} {name}"
        assert each.confidence is not None
        assert each.of_label is not None
        assert each.confidence >= 0.5
        assert each.confidence + each.of_label == pytest.approx(1)


def test_pages_figures_and_files(found: Mistakes, tmp_path: Path) -> None:
    some = found.first(3).with_neighbours(2)
    for ending in ("html", "png", "json", "csv"):
        some.save(tmp_path / f"m.{ending}")
    assert (tmp_path / "m.csv").read_text(encoding="utf-8") == some.to_csv()
    page = (tmp_path / "m.html").read_text(encoding="utf-8")
    assert page.count("<img") >= 3 * 3
    assert all(each.path in page for each in some.rows)
    nothing = found.only(true="no such class")
    assert nothing.to_html()
    assert len(nothing) == 0
