"""Files of weights beside PyTorch, which writes and reads them; and files that would do harm."""

from __future__ import annotations

import io
import os
import pickle
import struct
import tracemalloc
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from pellucid.errors import FileFormatError
from pellucid.interop.pretrained.torch_file import read_tensors
from tests.interop.pretrained.hostile import (
    file,
    name,
    number,
    storage,
    tensor,
    text,
    tuple_of,
    weights,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def old_format(weights: dict[str, torch.Tensor]) -> bytes:
    buffer = io.BytesIO()
    torch.save(weights, buffer, _use_new_zipfile_serialization=False)
    return buffer.getvalue()


def made() -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    base = torch.randn(4, 5, 3)
    types = (torch.float64, torch.float32, torch.float16, torch.int64, torch.int32, torch.int16)
    return {
        "plain": base,
        "turned": base.permute(2, 0, 1),
        "part": base[1:3, ::2, 1],
        "one value": base[2, 1, 0],
        "repeated": torch.arange(3.0).expand(1, 3),
        "nothing": torch.empty(0, 3),
        **{str(each): (torch.randn(3, 2) * 9).to(each) for each in types},
        "bytes": torch.arange(-3, 3).to(torch.int8),
        "unsigned": torch.arange(5, dtype=torch.uint8),
    }


def test_what_pytorch_writes() -> None:
    weights = made()
    found = read_tensors(old_format(weights), "made")
    assert list(found) == list(weights)
    for key, value in weights.items():
        assert found[key].dtype == value.numpy().dtype
        assert found[key].flags.c_contiguous
        assert found[key].flags.owndata
        np.testing.assert_array_equal(found[key], value.numpy())


def test_what_a_module_gives() -> None:
    """Its dictionary carries attributes besides, which are passed over."""
    module = torch.nn.Sequential(torch.nn.Conv2d(2, 3, 2), torch.nn.BatchNorm2d(3))
    found = read_tensors(old_format(module.state_dict()), "made")
    assert {key: value.shape for key, value in found.items()} == {
        key: tuple(value.shape) for key, value in module.state_dict().items()
    }


def test_a_file_written_by_hand_is_read_by_pytorch_too() -> None:
    """So what is refused below is refused for what was changed in it."""
    data = file()
    theirs = torch.load(io.BytesIO(data), weights_only=True)["w"]
    np.testing.assert_array_equal(theirs.numpy(), [[0, 1, 2], [3, 4, 5]])
    np.testing.assert_array_equal(read_tensors(data, "made")["w"], theirs.numpy())


def refused(data: bytes) -> str:
    """The message; no memory to speak of may be taken before it comes."""
    tracemalloc.start()
    try:
        with pytest.raises(FileFormatError) as caught:
            read_tensors(data, "weights\n.pth")
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 400
    assert message.startswith(r"weights\n.pth: ")
    return message


class Reduced:
    """What a pickle calls when it is read by Python."""

    def __init__(self, function: Callable[..., object], *arguments: object) -> None:
        self._call = function, arguments

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return self._call


def called(module: str, attribute: str, *arguments: bytes) -> bytes:
    return name(module, attribute) + tuple_of(*arguments) + b"R"


HARM = {
    "os.system": pickle.dumps({"w": Reduced(os.system, "touch harm")}, protocol=2),
    "builtins.eval": pickle.dumps({"w": Reduced(eval, "1/0")}, protocol=2),
    "getattr": weights(("w", called("builtins", "getattr", name("torch", "os"), text("system")))),
    "a name with dots": weights(("w", called("torch", "_utils.os.system", text("touch harm")))),
    "a storage is called": weights(("w", called("torch", "FloatStorage", number(1 << 40)))),
    "a text is called": weights(("w", text("eval") + tuple_of(text("1/0")) + b"R")),
    "a tensor is called": weights(("w", tensor() + b")R")),
    "a filled dictionary": weights(("w", called("collections", "OrderedDict", b"]"))),
    "an instance": b"\x80\x02(ios\nsystem\n.",
    "an object": b"\x80\x02" + name("torch", "FloatStorage") + b")\x81.",
    "attributes": weights(("w", tensor() + b"}b")),
    "a stack's name": b"\x80\x04\x8c\x02os\x8c\x06system\x93.",
    "an extension": b"\x80\x02\x82\x01.",
    "protocol 0": b"cos\nsystem\n(S'touch harm'\ntR.",
}


@pytest.mark.parametrize("which", HARM)
def test_nothing_is_imported_or_called(
    which: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    refused(file(HARM[which]))
    assert not list(tmp_path.iterdir())
    with pytest.raises(FileFormatError):  # nor where no weights are expected
        read_tensors(HARM[which], "made")
    assert not list(tmp_path.iterdir())


WRONG = {
    "a huge shape": weights(("w", tensor((1 << 40, 1 << 20), (0, 0)))),
    "a shape beyond 64 bits": weights(("w", tensor((1 << 100,), (1,)))),
    "a shape that wraps to nothing": weights(("w", tensor((1 << 32, 1 << 32), (0, 0)))),
    "strides out of the storage": weights(("w", tensor((2, 3), (4, 1)))),
    "huge strides": weights(("w", tensor((2, 3), (1 << 61, 1)))),
    "a negative stride": weights(("w", tensor((2, 3), (3, -1), 2))),
    "a negative size": weights(("w", tensor((-2, 3), (3, 1)))),
    "a negative offset": weights(("w", tensor(offset=-1))),
    "an offset too far": weights(("w", tensor(offset=1))),
    "more strides than sizes": weights(("w", tensor((6,), (3, 1)))),
    "many axes": weights(("w", tensor((1,) * 70, (1,) * 70))),
    "true as a size": weights(("w", tensor().replace(number(2), b"\x88"))),
    "a storage of 4 TB": weights(("w", tensor(of=storage(1 << 40)))),
    "a negative storage": weights(("w", tensor((), (), of=storage(-1)))),
    "a view on a storage": weights(("w", tensor(of=storage(view=tuple_of(text("b")))))),
    "a storage of names": weights(("w", tensor(of=storage(kind=text("FloatStorage"))))),
    "no storage": weights(("w", tensor(of=storage(word="module")))),
    "a key that is no text": weights(("w", tensor(of=storage(key=b"]")))),
    "one storage, two types": weights(
        ("v", tensor()), ("w", tensor(of=storage(kind=name("torch", "IntStorage"))))
    ),
    "a number in place of a tensor": weights(("w", number(3))),
    "a dictionary of dictionaries": weights(("w", b"}")),
    "a list": b"\x80\x02].",
    "numbers as keys": b"\x80\x02}" + number(1) + tensor() + b"s.",
    "a memo of 4 billion": b"\x80\x02}r\xff\xff\xff\xff.",
    "a memo that is empty": b"\x80\x02h\x07.",
    "a text of 4 GB": b"\x80\x02X\xff\xff\xff\xffabc.",
    "a number of 2 GB": b"\x80\x02\x8b\xff\xff\xff\x7fabc.",
    "a text of no characters": b"\x80\x02X\x01\x00\x00\x00\xff.",
    "too little on the stack": b"\x80\x02R.",
    "below a mark": b"\x80\x02)(\x85.",
    "a mark that is missing": b"\x80\x02t.",
    "a mark too many": b"\x80\x02(}.",
    "two values": b"\x80\x02}}.",
    "an unknown instruction": b"\x80\x02\xff.",
    "within itself": b"\x80\x02}q\x00" + text("w") + b"h\x00s.",
    "deep": b"\x80\x02" + b"]" + b"]" * 50_000 + b"a" * 50_000 + b".",
    "endless": b"\x80\x02}" + b"N0" * 10,
    "long": b"\x80\x02" + b"N" * 200_001 + b".",
}


@pytest.mark.parametrize("which", WRONG)
def test_what_does_not_fit_is_refused(which: str) -> None:
    refused(file(WRONG[which]))


def test_other_files_are_refused() -> None:
    whole = file()
    zipped = io.BytesIO()
    torch.save({"w": torch.zeros(2)}, zipped)
    assert "newer format" in refused(zipped.getvalue())
    for data in (
        b"",
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        bytes(1000),
        whole + b"\0",
        file(magic=7),
        file(machine={}),
        file(machine={"little_endian": False}),
        file(machine=[1]),
        file(keys=()),
        file(keys=("a", "a")),
        file(keys=("b",)),
        file(keys=(1,)),
        file(values=struct.pack("<q6f", 7, *range(6))),
        file(values=struct.pack("<q6f", -6, *range(6))),
        file(values=struct.pack("<q5f", 6, *range(5))),
    ):
        refused(data)


def test_tensors_that_share_a_storage_take_no_more_than_a_few_times_the_file() -> None:
    shared = tensor((1000,), (1,), of=storage(1000)) + b"q\x01"
    values = struct.pack("<q1000f", 1000, *range(1000))
    for copies in (3, 50):
        entries = [("w", shared), *((f"w{n}", b"h\x01") for n in range(copies))]
        data = file(weights(*entries), values=values)
        if copies == 3:
            assert sum(each.nbytes for each in read_tensors(data, "made").values()) == 16_000
        else:
            refused(data)


def test_a_file_cut_short_anywhere_is_refused() -> None:
    whole = file()
    for length in range(len(whole)):
        refused(whole[:length])


def test_whatever_byte_is_damaged_nothing_else_is_raised() -> None:
    """Values may change unseen, which only a checksum tells."""
    whole = bytearray(file())
    for place in range(len(whole)):
        for change in (0xFF, 0x01, 0x80):
            data = whole.copy()
            data[place] ^= change
            try:
                found = read_tensors(bytes(data), "made")
            except FileFormatError:
                continue
            assert sum(value.size for value in found.values()) <= 6
