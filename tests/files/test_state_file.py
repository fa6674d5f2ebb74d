"""Training states: bit by bit, or refused."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from pellucid.errors import ArgumentError, DataError, FileFormatError, OutputError
from pellucid.files import load_state, save_model, save_state
from pellucid.files.header import DTYPES
from tests.files.models import model, sealed

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

SEED = 5


def arrays() -> dict[str, NDArray[Any]]:
    """One of every type and of odd shapes, with NaNs of any payload."""
    draw = np.random.default_rng(SEED)
    made: dict[str, NDArray[Any]] = {
        f"of type/{name}": np.frombuffer(draw.bytes(np.dtype(name).itemsize * 6), name).reshape(
            2, 3
        )
        for name in DTYPES.values()
        if name != "bool"
    }
    return {
        **made,
        "bool": np.array([True, False]),
        "step": np.array(7),
        "empty": np.zeros((0, 3), np.float32),
        "special": np.array([np.nan, -np.nan, np.inf, -np.inf, -0.0, 5e-324]),
        "turned": np.arange(6.0).reshape(2, 3).T,
        "strided": np.arange(10, dtype=np.int32)[::-3],
    }


VALUES: dict[str, Any] = {
    "epoch": 3,
    "random": {"state": 1 << 127, "inc": (1 << 128) - 1},
    "history": [{"loss": 0.1 + 0.2, "validation": None}, {"loss": 5e-324}],
    "名": "\udcff",
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "last.safetensors"


def test_what_is_saved_is_loaded_bit_by_bit(path: Path) -> None:
    save_state(path, arrays(), VALUES)
    loaded, values = load_state(path)
    assert values == VALUES
    assert loaded.keys() == arrays().keys()
    for name, array in arrays().items():
        assert loaded[name].dtype == array.dtype, name
        assert loaded[name].shape == array.shape, name
        assert loaded[name].tobytes() == array.tobytes(), name
        assert loaded[name].flags.writeable


def test_bytes_in_foreign_order(path: Path) -> None:
    save_state(path, {"a": np.array([1.5, -2.0], ">f8")}, {})
    loaded, _ = load_state(path)
    assert loaded["a"].tolist() == [1.5, -2.0]


def test_a_random_generator_goes_on_where_it_was(path: Path) -> None:
    generator = np.random.default_rng(3)
    generator.random(5)
    save_state(path, {}, {"generator": generator.bit_generator.state})
    expected = generator.random(5)
    restored = np.random.default_rng()
    state: Any = load_state(path)[1]["generator"]
    restored.bit_generator.state = state
    np.testing.assert_array_equal(restored.random(5), expected)


def test_the_same_state_gives_the_same_bytes(path: Path, tmp_path: Path) -> None:
    save_state(path, arrays(), VALUES)
    backwards = dict(reversed(arrays().items())), dict(reversed(VALUES.items()))
    save_state(tmp_path / "again", *backwards)
    assert path.read_bytes() == (tmp_path / "again").read_bytes()


def test_any_safetensors_reader_opens_it(path: Path) -> None:
    save_state(path, arrays(), VALUES)
    np.testing.assert_array_equal(load_file(path)["turned"], arrays()["turned"])


@pytest.mark.parametrize(
    ("array", "values", "message"),
    [
        (np.zeros(2, np.complex64), {}, "array 'a' is of type complex64; expected one of bool"),
        (np.zeros(2, np.longdouble), {}, "array 'a' is of type float128"),
        (np.array(["text"]), {}, "array 'a' is of type <U4"),
        (np.array([{}]), {}, "array 'a' is of type object"),
        (np.zeros(2), {"loss": float("nan")}, r"document\['values'\]\['loss'\] is nan"),
        (np.zeros(2), {"a": np.zeros(2)}, r"\['a'\] is of type ndarray"),
    ],
)
def test_what_cannot_be_kept(
    path: Path, array: NDArray[Any], values: dict[str, Any], message: str
) -> None:
    with pytest.raises(ArgumentError, match=message):
        save_state(path, {"a": array}, values)
    assert not path.exists()


@pytest.mark.parametrize("name", ["", "__metadata__", "a\nb", "\udcff"])
def test_names_that_cannot_be_kept(path: Path, name: str) -> None:
    with pytest.raises(ArgumentError, match="cannot be called"):
        save_state(path, {name: np.zeros(1)}, {})


def test_an_earlier_state_survives_a_failure(path: Path) -> None:
    save_state(path, arrays(), VALUES)
    before = path.read_bytes()
    with pytest.raises(ArgumentError):
        save_state(path, {"a": np.zeros(2, complex)}, {})
    with pytest.raises(OutputError):
        save_state(path / "below", {}, {})
    assert path.read_bytes() == before


def refused(path: Path) -> bool:
    """Whether a file is refused, in one line; otherwise it holds what was saved."""
    try:
        loaded, values = load_state(path)
    except FileFormatError as error:
        message = str(error)
        assert message.startswith(f"{path}: ")
        assert message.isprintable()
        return True
    assert values == VALUES
    assert {k: v.tobytes() for k, v in loaded.items()} == {
        k: v.tobytes() for k, v in arrays().items()
    }
    return False


def test_damaged_bytes_are_found(path: Path) -> None:
    save_state(path, arrays(), VALUES)
    data = path.read_bytes()
    draw = random.Random(SEED)
    accepted = 0
    for position in draw.sample(range(len(data)), 600):
        damaged = bytearray(data)
        damaged[position] ^= draw.randrange(1, 256)
        path.write_bytes(damaged)
        accepted += not refused(path)
    assert accepted < 6  # a space that only pads the header may change


@pytest.mark.parametrize(
    ("printed", "instead"),
    [(b'"shape":[3,2]', b'"shape":[2,3]'), (b'"I32"', b'"F32"'), (b'"step"', b'"pets"')],
)
def test_arrays_declared_of_another_shape_type_or_name(
    path: Path, printed: bytes, instead: bytes
) -> None:
    save_state(path, {"turned": arrays()["turned"], "step": np.array(7, np.int32)}, {})
    data = path.read_bytes()
    assert data.count(printed) == 1
    path.write_bytes(data.replace(printed, instead))
    assert set(load_file(path)) <= {"turned", "step", "pets"}  # a good safetensors file
    with pytest.raises(FileFormatError, match="does not match its checksum"):
        load_state(path)


def test_cut_short(path: Path) -> None:
    save_state(path, arrays(), VALUES)
    data = path.read_bytes()
    for tenth in range(10):
        path.write_bytes(data[: len(data) * tenth // 10])
        with pytest.raises(FileFormatError, match="is empty" if tenth == 0 else "cut short"):
            load_state(path)


def test_files_that_are_none(path: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no such file"):
        load_state(path)
    with pytest.raises(DataError, match="a folder"):
        load_state(tmp_path)
    save_model(path, model())
    with pytest.raises(FileFormatError, match="is a Pellucid model; expected a training state"):
        load_state(path)
    head = {"kind": "state", "format": 1}
    for document, message in (
        ({**head, "values": []}, "expected an object of values"),
        (head, "expected an object of values"),
        ({**head, "values": {}, "more": 1}, "expected an object of values"),
        ({**head, "format": 2}, r"newer Pellucid \(format 2, this one reads 1\)"),
        ({**head, "format": 0}, "format 0 is no version number"),
        ({**head, "format": True}, "format True is no version number"),
    ):
        path.write_bytes(sealed(document, {}))
        with pytest.raises(FileFormatError, match=message):
            load_state(path)
