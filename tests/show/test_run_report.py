"""The report's files: all there, true, safe whatever things are called, readable by all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from pellucid.data.dataset import Dataset
from pellucid.errors import ArgumentError, OutputError
from pellucid.evaluation.run_report import FILES, write_report
from pellucid.show.report import MOST_CONFUSIONS, MOST_MISTAKES
from pellucid.training.diagnosis import Diagnosis
from tests.evaluation.judged import all_right, epoch, judged
from tests.messages import check_line
from tests.show.reading import HOSTILE, picture, read

if TYPE_CHECKING:
    from pathlib import Path

CLASSES = ("cat", HOSTILE, "dog & bird")
HISTORY = [epoch(1, 2.0, 1.5), epoch(2, 1.0, 1.25)]
FAULT = Diagnosis("stuck", f"the loss {HOSTILE}", "look <there>", {"lowest_loss": 2.3})


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("report")
    report, pictures = judged(CLASSES, 60, names=tuple(f"{HOSTILE}/{i}.png" for i in range(60)))
    write_report(
        folder, report, pictures, history=HISTORY, best_epoch=2, diagnoses=[FAULT],
        config={"architecture": HOSTILE, "classes": CLASSES}, notes=[f"note {HOSTILE}"],
        title=HOSTILE,
    )  # fmt: skip
    return (folder / "report.html").read_text(encoding="utf-8")


# --------------------------------------------------------------------------------------- files


def test_the_files(tmp_path: Path) -> None:
    report, pictures = judged(("a", "b"))
    written = write_report(tmp_path / "new" / "folder", report, pictures, history=HISTORY)
    assert [path.name for path in written] == list(FILES)
    assert set(written) == set((tmp_path / "new" / "folder").iterdir())
    assert set(FILES) == {
        "summary.csv", "confusion.png", "confusion.csv", "per_class.csv", "wrong.csv",
        "report.html",
    }  # fmt: skip
    with Image.open(tmp_path / "new" / "folder" / "confusion.png") as chart:
        assert np.array(chart).std() > 10.0


def test_the_same_arguments_give_the_same_files(tmp_path: Path) -> None:
    report, pictures = judged(("a", "b"))
    once = write_report(tmp_path / "1", report, pictures, history=HISTORY)
    again = write_report(tmp_path / "2", report, pictures, history=HISTORY)
    for one, other in zip(once, again, strict=True):
        assert one.read_bytes() == other.read_bytes()


def test_other_pictures_than_those_judged(tmp_path: Path) -> None:
    report, pictures = judged(("a", "b"))
    renamed = Dataset(pictures.images, pictures.places, ("a", "c"), name="renamed")
    for other in (pictures.subset(range(10)), renamed):
        with pytest.raises(ArgumentError, match="give the pictures that were judged") as caught:
            write_report(tmp_path, report, other)
        check_line(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_page_that_cannot_be_written(tmp_path: Path) -> None:
    report, pictures = judged(("a", "b"))
    (tmp_path / "report.html").mkdir()
    with pytest.raises(OutputError, match=r"report\.html: cannot be written: it is a folder"):
        write_report(tmp_path, report, pictures)


# ------------------------------------------------------------------------------------- safety


def test_names_add_nothing_to_the_page(page: str) -> None:
    reader = read(page)
    for before in ("the loss ", "note ", ""):
        assert before + '"><img src=x onerror=alert(1)><script>alert(2)' in reader.text


# ------------------------------------------------------------------------------------ contents


def test_numbers_and_remarks(page: str) -> None:
    report, _ = judged(CLASSES, 60, names=tuple(f"{HOSTILE}/{i}.png" for i in range(60)))
    text = read(page).text
    assert "Judged by 60 pictures: made." in text
    for number in (
        f"{report.accuracy:.2%}",
        f"{report.error:.2%}",
        f"{report.cross_entropy:.4f}",
        f"{report.mean_squared_error:.4f}",
        f"{report.calibration.expected_error:.2%}",
    ):
        assert number in text
    assert "▲ the loss" in text
    assert "What to do: look <there>." in text
    for row in report.per_class:
        assert f"{row.precision:.3f}{row.recall:.3f}{row.f1:.3f}{row.support}" in text.replace(
            "\n", ""
        )


def test_charts_in_words(page: str) -> None:
    words = read(page).charts
    assert words[0] == (
        "Loss by epoch: 2 at first, 1 at last; validation 1.5 at first, 1.25 at last."
    )
    assert words[1].startswith("Accuracy by epoch: 33.33% at first, 50.00% at last; validation 40")
    assert words[2] == "Learning rate at the end by epoch: 0.1 at first, 0.05 at last."
    assert words[4].startswith("Reliability diagram: accuracy by confidence. Expected")


def test_the_worst_mistakes_are_shown_as_they_are(page: str) -> None:
    report, pictures = judged(CLASSES, 60, names=tuple(f"{HOSTILE}/{i}.png" for i in range(60)))
    shown = read(page).all("img")
    assert len(shown) == MOST_MISTAKES < len(report.wrong)
    for attributes, wrong in zip(shown, report.wrong, strict=False):
        assert np.array_equal(np.array(picture(attributes["src"])), pictures.images[wrong.index])
        assert (attributes["width"], attributes["height"]) == ("84", "112")
        assert attributes["alt"] == ""  # the caption below describes it
    assert f"And {len(report.wrong) - MOST_MISTAKES} more, see wrong.csv." in read(page).text


def test_the_most_frequent_mistakes(page: str) -> None:
    report, _ = judged(CLASSES, 60, names=tuple(f"{HOSTILE}/{i}.png" for i in range(60)))
    wrong = report.confusion - np.diag(report.confusion.diagonal())
    true, predicted = np.unravel_index(wrong.argmax(), wrong.shape)
    chart = read(page).charts[3]
    first = [" ".join(c.split()) for c in (CLASSES[int(true)], CLASSES[int(predicted)])]
    assert f"{wrong.max()} times." in chart
    assert chart.count(" taken for ") == 1
    assert first[0].split()[0] in chart
    assert np.count_nonzero(wrong) <= MOST_CONFUSIONS


def test_without_a_history_and_without_mistakes(tmp_path: Path) -> None:
    report, pictures = all_right(("a", "b", "c", "d"))
    write_report(tmp_path, report, pictures, diagnoses=())
    reader = read((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert "None of the common faults of a training shows." in reader.text
    assert "There are none." in reader.text
    assert reader.charts[0] == "Confusion matrix. There are no mistakes."
    assert [a["aria-label"] for a in reader.all("section")] == [
        "Result", "What stands out", "Confusion", "Classes", "The worst mistakes", "Calibration",
    ]  # fmt: skip


def test_a_single_epoch_is_a_table_and_no_curve(tmp_path: Path) -> None:
    report, pictures = all_right(("a", "b"))
    write_report(tmp_path, report, pictures, history=HISTORY[:1], best_epoch=1)
    reader = read((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert "Training" in [a["aria-label"] for a in reader.all("section")]
    assert "validation loss" in reader.text
    assert not any("by epoch" in each for each in reader.charts)


def test_many_classes(tmp_path: Path) -> None:
    report, pictures = judged(tuple(f"class {k}" for k in range(60)), 100)
    write_report(tmp_path, report, pictures)
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "The matrix as a table" not in text
    assert "class 59" in text
