"""Grading: whatever students and spreadsheets write is read, and judged by tolerance."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import pytest

from pellucid.errors import DataError
from pellucid.worksheets.grading import Grades, grade
from pellucid.worksheets.key import form_text, read_key, write_key
from pellucid.worksheets.sheet import worksheet
from pellucid.worksheets.student_numbers import NotANumberError, number_of
from tests.explain.activations import activations_of
from tests.worksheets import student

if TYPE_CHECKING:
    from pathlib import Path

KEY = """sheet,exercise,topic,blank,answer,tolerance,network,formula
AB12-CD34,1,convolution,1a,0.5,0.01,0.501,2*0.25
AB12-CD34,1,convolution,1b,-0.30,0.005,-0.3,'-0.6*0.5
AB12-CD34,1,convolution,1c,0.2,0.02,0.2,[1a]+[1b]
AB12-CD34,2,activation,2a,0.2,0.02,0.2,"MAX(0,[1c])"
AB12-CD34,2,flattening,2b,37,0,37,5*7+2
"""


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "key.csv"
    path.write_text(KEY, encoding="utf-8")
    return path


def graded(key: Path, content: str | bytes, **options: Any) -> Grades:
    path = key.with_name("answers.csv")
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return grade([path], key, **options)


def marks(grades: Grades, name: str) -> str:
    """The marks of a student, a letter each."""
    (found,) = (each for each in grades.students if each.name == name)
    return "".join(answer.mark[0] for answer in found.answers)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.5", 0.5), ("0,5", 0.5), (" 0.5 ", 0.5), ("−0.5", -0.5), ("－０．５", -0.5),
        ("–.5", -0.5), ("+0.5", 0.5), ("1/3", 1 / 3), ("−1 / 4", -0.25), ("1 1/3", 4 / 3),
        ("95%", 0.95), ("95 %", 0.95), ("9,5%", 0.095), ("1.234,5", 1234.5), ("1,234.5", 1234.5),
        ("1,234,567", 1234567.0), ("12 345", 12345.0), ("1.2e-3", 0.0012), ("1,2E-3", 0.0012),
        ("1.2·10^-3", 0.0012), ("1.2×10⁻³", 0.0012), ("= 0.5", 0.5), ("≈0.5", 0.5), ("2.", 2.0),
        ("1\u202f234", 1234.0), ("'-0.5", -0.5),
    ],
)  # fmt: skip
def test_numbers_that_people_write(text: str, value: float) -> None:
    assert number_of(text) == pytest.approx(value)


@pytest.mark.parametrize(
    "text", ["", "x", "-", "1/0", "1.2.3", "1,2,3", "nan", "inf", "1e999", "0x10", "1//2", "٣a"]
)
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(NotANumberError):
        number_of(text)


def test_a_row_an_answer(key: Path) -> None:
    found = graded(
        key,
        "Student,Blank,Answer\nKim,1a,0.509\nKim,1b,-0.3\nLee,1A,0.52\nLee,(2b),37\nKim,2b,36\n",
    )
    assert marks(found, "Kim") == "rrmmw"
    assert marks(found, "Lee") == "wmmmr"
    assert found.students[0].share == 0.4
    assert found.share == pytest.approx(0.3)


def test_a_row_a_student(key: Path) -> None:
    found = graded(
        key, "sheet;name;1a;1b;1c;2a;2b\nab12 cd34;김민수;0,5;−0,3;0,2;0,2;37\n;Ann;?;;1/5;;\n"
    )
    assert marks(found, "김민수") == "rrrrr"
    assert marks(found, "Ann") == "umrmm"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp949"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_tables_of_any_spreadsheet(key: Path, encoding: str, separator: str) -> None:
    rows = [["학생", "빈칸", "답"], ["이영희", "1b", "-0.3"], [], ["이영희", "1c", "0.2"]]
    text = io.StringIO()
    csv.writer(text, delimiter=separator).writerows(rows)
    for before in ("", f"sep={separator}\r\n"):
        found = graded(key, (before + text.getvalue()).encode(encoding))
        assert marks(found, "이영희") == "mrrmm"


def test_what_follows_from_an_own_number(key: Path) -> None:
    text = "student,1a,1b,1c,2a\nKim,0.6,-0.3,0.3,0.3\nLee,0.5,0.3,0.8,0.9\nZero,0,0,0,0\n"
    found = graded(key, text)
    assert marks(found, "Kim") == "wrffm"
    assert found.students[0].answers[2].expected == pytest.approx(0.3)
    assert marks(found, "Lee") == "rwfwm"
    assert marks(found, "Zero") == "wwwwm"  # zeros all over follow from zeros
    assert marks(graded(key, text, follow_on=False), "Kim") == "wrwwm"


def test_tolerance_is_met_at_its_end(key: Path) -> None:
    found = graded(key, "student,1a,1b\nIn,0.51,-0.305\nOut,0.5101,-0.3051\n")
    assert marks(found, "In")[:2] == "rr"
    assert marks(found, "Out")[:2] == "ww"


def test_what_most_got_wrong(key: Path) -> None:
    text = "student,1a,2b\na,0.7,37\nb,0.7,37\nc,0.5,37\nd,,36\n"
    found = graded(key, text)
    first, last = found.blanks[0], found.blanks[-1]
    assert first.common == (0.7, 2)
    assert (first.share, last.share) == (0.25, 0.75)
    topic, share = found.exercises[1]
    assert (topic, round(share, 9)) == ("convolution", round(0.25 / 3, 9))
    values = found.to_dict()
    assert values["blanks"][0]["common"] == {"number": 0.7, "count": 2}
    rows = list(csv.DictReader(io.StringIO(found.to_csv())))
    assert len(rows) == 4 * 5
    assert [row["mark"] for row in rows[:5]] == ["wrong", *["missing"] * 3, "right"]


def test_names_that_are_formulas_or_markup(key: Path) -> None:
    found = graded(key, 'student,1a\n"=HYPERLINK(1)",0.5\n<b>x</b>,"=1+1"\n')
    assert "'=HYPERLINK" in found.to_csv()
    assert "<b>x" not in found.to_html()
    assert marks(found, "<b>x</b>")[0] == "u"


def test_one_student_without_a_name(key: Path) -> None:
    assert graded(key, "blank,answer\n1a,0.5\n").students[0].name == "answers"
    assert graded(key, "1a,1b\n0.5,1\n").students[0].name == "answers"
    two = graded(key, "1a,1b\n0.5,1\n0.4,1\n")
    assert [each.name for each in two.students] == ["line 2", "line 3"]


def test_several_files_are_one_class(key: Path) -> None:
    paths = []
    for name in ("Kim", "Lee"):
        path = key.with_name(f"{name}.csv")
        path.write_text("blank,answer\n1a,0.5\n")
        paths.append(path)
    assert [each.name for each in grade(paths, key).students] == ["Kim", "Lee"]


def test_what_is_answered_twice_or_is_not_on_the_sheet(key: Path) -> None:
    found = graded(key, "student,blank,answer\nKim,1a,1\nkim ,1a,0.5\nKim,9z,1\nKim,1b,-0.3\n")
    assert len(found.students) == 1
    assert marks(found, "Kim")[:2] == "rr"
    twice, unknown = found.notes
    assert "Kim 1a" in twice.replace("kim", "Kim")
    assert "9z" in unknown
    wide = graded(key, "student,1a,9z\nKim,0.5,3\n")
    assert "9z" in wide.notes[0]
    assert graded(key, "student,1a\nKim,0.5\nKim,0.5\n").notes == []


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("", "empty"),
        ("\n\n", "empty"),
        ("student,blank,answer\n", "no answers"),
        ("student,1a,1b\nKim,,\n", "no answers"),
        ("sheet,student,1a\nFFFF-0000,Kim,1\n", "line 2"),
        ("student,7a,7b\nKim,1,2\n", "none of its blanks"),
        ("student,blank,answer\nKim,7a,2\n", "none of its blanks"),
        ("who,what\nKim,7\n", "columns"),
        (b"PK\x03\x04xx", "workbook"),
        (b"\x00\x01", "no text"),
    ],
)
def test_tables_that_cannot_be_graded(key: Path, content: str | bytes, named: str) -> None:
    with pytest.raises(DataError, match=named) as error:
        graded(key, content)
    assert "answers.csv" in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("before", "after", "named"),
    [
        ("2*0.25", "2*", "line 2"),
        ("2*0.25", "3*0.25", "line 2"),
        ("0.01", "x", "line 2"),
        ("0.01", "-1", "line 2"),
        ("1b,-0.30", "1a,0.5", "line 3"),
        ("1,convolution,1a", "one,convolution,1a", "line 2"),
        ("[1a]+[1b]", "[1a]+[3b]", "line 4"),
        ("AB12-CD34,2", "AB12-CD35,2", "several sheets"),
        ("tolerance", "tol", "tolerance"),
        (KEY.split("\n", 1)[1], "", "no blanks"),
    ],
)
def test_a_damaged_key(key: Path, before: str, after: str, named: str) -> None:
    key.write_text(KEY.replace(before, after), encoding="utf-8")
    with pytest.raises(DataError, match=named) as error:
        graded(key, "student,1a\nKim,0.5\n")
    assert "key.csv" in str(error.value)


def test_a_key_that_excel_has_saved(key: Path) -> None:
    rows = list(csv.reader(io.StringIO(KEY)))
    text = io.StringIO()
    german = [[cell.replace(".", ",") if k in (4, 5, 6) else cell for k, cell in enumerate(row)]
              for row in rows]  # fmt: skip
    csv.writer(text, delimiter=";").writerows(german)
    key.write_text(text.getvalue(), encoding="utf-8-sig")
    assert marks(graded(key, "student,1a\nKim,0.5\n"), "Kim") == "rmmmm"


@pytest.mark.parametrize("name", ["lecture", "every operation"])
def test_a_whole_class_with_a_real_key(name: str, tmp_path: Path) -> None:
    """The student who has the sheet alone is right; one whose first sum is off follows it on."""
    activations = activations_of(name)
    sheet = worksheet(activations.model, activations.pixels)
    path = tmp_path / "key.csv"
    write_key(sheet, path)
    key = read_key(path)
    assert key.sheet == sheet.digest
    assert list(key.blanks) == [blank.name for blank in sheet.blanks]
    heads, _ = csv.reader(io.StringIO(form_text(sheet)))
    good = {k: str(v) for k, v in student.answers(sheet).items()}
    total = next(e for e in sheet.exercises if e.topic == "convolution").asks
    slipped = good | {
        total[-2].blank.name: str(float(good[total[-2].blank.name]) + 1),
        total[-1].blank.name: str(float(good[total[-1].blank.name]) + 1),
    }
    table = io.StringIO()
    writer = csv.DictWriter(table, heads)
    writer.writeheader()
    for who, answers in (("good", good), ("slipped", slipped)):
        writer.writerow({"sheet": sheet.digest, "student": who, **answers})
    answers_path = tmp_path / "class.csv"
    answers_path.write_text(table.getvalue(), encoding="utf-8")
    found = grade([answers_path], path)
    first, second = found.students
    assert first.count("right") == len(good)
    assert second.count("follow-on") == second.count("wrong") == 1
