"""What strangers send: forms, JSON, base64 and picture files, within limits."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import io
import json
import struct
import tracemalloc
import zlib
from functools import partial
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from pellucid.serving.json_text import parse_base64, parse_json
from pellucid.serving.limits import Limits
from pellucid.serving.parts import Part, file_name, read_parts
from pellucid.serving.picture_bytes import check_picture
from pellucid.serving.refused import RefusedError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

LIMITS = Limits(body_bytes=1000, parts=8, pixels=1000, scans=12)


def refused(call: Callable[[], Any]) -> RefusedError:
    with pytest.raises(RefusedError) as found:
        call()
    assert 400 <= found.value.status < 500
    assert "\n" not in str(found.value)
    assert len(str(found.value)) < 400
    return found.value


# -------------------------------------------------------------------------------------- multipart


def form(body: bytes, kind: str = "multipart/form-data; boundary=b", step: int = 50) -> list[Part]:
    return asyncio.run(read_parts(kind, _pieces(body, step), LIMITS))


async def _pieces(body: bytes, step: int) -> AsyncIterator[bytes]:
    for at in range(0, len(body), step):
        yield body[at : at + step]


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(st.text("ab_", min_size=1, max_size=4), st.binary(max_size=300)), max_size=5
    ),
    st.integers(1, 70),
)
def test_forms_are_read_as_httpx_writes_them(files: list[tuple[str, bytes]], step: int) -> None:
    request = httpx.Request(
        "POST", "http://x", files=[(name, (name + ".png", data)) for name, data in files] or None
    )
    if not files:
        return
    found = form(request.read(), request.headers["content-type"], step)
    assert [(part.name, part.content) for part in found] == files
    assert [part.filename for part in found] == [name + ".png" for name, _ in files]


def test_a_hundred_thousand_parts_are_refused_at_the_first_too_many() -> None:
    part = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n'
    came = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal came
        for _ in range(100_000):
            came += 1
            yield part

    error = refused(lambda: asyncio.run(read_parts("multipart/form-data; boundary=b", endless(),
                                                   LIMITS)))  # fmt: skip
    assert error.status == 413
    assert came == LIMITS.parts + 1


ENCODED = (
    b'--b\r\nContent-Disposition: form-data; name="a"\r\n'
    b"Content-Transfer-Encoding: base64\r\n\r\nx\r\n--b--\r\n"
)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--b",
        b"--b\r\n",
        b"noise",
        b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx',
        b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n--b\r\n',
        b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n",
        b"--b\r\nContent-Type: image/png\r\n\r\nx\r\n--b--\r\n",
        b'--b\r\nContent-Disposition: attachment; name="a"\r\n\r\nx\r\n--b--\r\n',
        ENCODED,
        b"--b\r\nX: " + b"a" * 10_000 + b"\r\n\r\nx\r\n--b--\r\n",
        b"--b\r\n" + b"X: a\r\n" * 3000 + b"\r\nx\r\n--b--\r\n",
        b"--b\r\n: a\r\n\r\nx\r\n--b--\r\n",
    ],
)
def test_malformed_forms(body: bytes) -> None:
    refused(lambda: form(body))
    refused(lambda: form(body, step=1))


@pytest.mark.parametrize(
    "kind",
    ["", "multipart/form-data", "multipart/mixed; boundary=b", "multipart/form-data; boundary=",
     "multipart/form-data; boundary=" + "b" * 71, "text/html"],
)  # fmt: skip
def test_what_is_no_form(kind: str) -> None:
    refused(lambda: form(b"--b--\r\n", kind))


def test_a_files_name_is_text_and_no_place() -> None:
    assert file_name("../../etc/passwd") == "passwd"
    assert file_name("C:\\a\\..\\b.png") == "b.png"
    assert file_name("a\0\r\nb\x1b[31m.png") == "ab[31m.png"
    assert file_name("<img src=x onerror=alert(1)>") == "<img src=x onerror=alert(1)>"
    assert len(file_name("a" * 10_000)) == 255
    assert file_name("고양이.png") == "고양이.png"


# ------------------------------------------------------------------------------------------- JSON

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False,
    allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(_VALUES)
def test_json_is_read_as_the_standard_library_writes_it(value: Any) -> None:
    limits = Limits(json_depth=60)
    for ascii_only in (True, False):
        try:
            text = json.dumps(value, ensure_ascii=ascii_only).encode()
        except UnicodeEncodeError:  # half a pair
            continue
        try:
            assert parse_json(text, limits) == value
        except RefusedError:
            assert "\\ud" in text.decode()


def test_deep_json_is_refused_before_it_is_built() -> None:
    for text in (b"[" * 100_000, b'{"a":' * 100_000, b"[" * 17 + b"]" * 17, b"[1,{}" * 5000):
        tracemalloc.start()
        assert "deep" in str(refused(partial(parse_json, text, LIMITS)))
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
        tracemalloc.stop()
    wide = b"[" + b",".join([b'["[[[[\\"[["]'] * 500) + b"]"  # brackets in texts are none
    assert len(parse_json(wide, LIMITS)) == 500


@pytest.mark.parametrize("text", [b"[]" * 200, b'""' * 350 + b"[" * 20])
def test_many_brackets_and_texts_without_commas_are_refused_early(text: bytes) -> None:
    assert refused(lambda: parse_json(text, Limits(json_values=100))).status == 413


def test_a_name_that_is_twice_is_found_among_many() -> None:
    """In one pass; to count each would take hours."""
    names = [*map(str, range(500_000)), "twice", "twice"]
    text = b"{" + b",".join(b'"%s":1' % name.encode() for name in names) + b"}"
    assert "'twice'" in str(refused(lambda: parse_json(text, LIMITS)))


@pytest.mark.parametrize("text", [b'"' + b'\\"' * (1 << 20), b'"' + b"[" * (1 << 22) + b'"'])
def test_texts_are_looked_through_once(text: bytes) -> None:
    """With or without an end; a look from each quote on would take hours."""
    with contextlib.suppress(RefusedError):
        parse_json(b"[" * 10 + b'"[[[[[[[[[[[[",' + text, LIMITS)


def test_json_of_many_values_is_refused_before_it_is_built() -> None:
    limits = Limits(json_values=100)
    assert len(parse_json(b"[" + b",".join([b"1"] * 100) + b"]", limits)) == 100
    text = b"[" + b",".join([b"1"] * (1 << 20)) + b"]"
    tracemalloc.start()
    assert refused(lambda: parse_json(text, limits)).status == 413
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


@pytest.mark.parametrize(
    "text",
    [b"", b"{", b"[1,]", b"{'a':1}", b"NaN", b"[Infinity]", b"-Infinity", b'{"a":1,"a":2}',
     b"1" * 5000, b"\xff\xfe[\x001\x00]\x00", b'"\xff"', b'"\\ud800"', b"[1] [2]",
     b"\xef\xbb\xbf[]",
     b'"a\nb"'],
)  # fmt: skip
def test_malformed_json(text: bytes) -> None:
    assert refused(lambda: parse_json(text, LIMITS)).status == 400


@settings(max_examples=30, deadline=None)
@given(st.binary(max_size=1000))
def test_base64_is_read_as_the_standard_library_writes_it(data: bytes) -> None:
    assert parse_base64(base64.b64encode(data).decode(), LIMITS) == data


@pytest.mark.parametrize("text", ["a", "ab=", "a b=", "@@@@", "YQ==YQ==", "é===", None, 3, ["YQ=="],
                                  "data:image/png;base64,YQ==", "YQ-_"])  # fmt: skip
def test_malformed_base64(text: object) -> None:
    assert refused(lambda: parse_base64(text, LIMITS)).status == 400


def test_base64_over_the_limit_is_not_decoded() -> None:
    assert refused(lambda: parse_base64("AAAA" * 334, LIMITS)).status == 413
    assert len(parse_base64("AAAA" * 333 + "AA==", LIMITS)) == 1000


# --------------------------------------------------------------------------------------- pictures


def picture(kind: str, size: tuple[int, int] = (20, 10), **options: Any) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, (200, 100, 50)).save(file, kind, **options)
    return file.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM"])
def test_pixels_are_counted_before_anything_is_decoded(kind: str) -> None:
    assert check_picture(picture(kind), LIMITS)[:2] == (10, 20)
    error = refused(lambda: check_picture(picture(kind, (40, 30)), LIMITS))
    assert error.status == 413
    assert "1000" in str(error)


def test_a_png_that_promises_more_than_there_is_memory() -> None:
    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0))
    bomb = b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(1 << 20)))
    tracemalloc.start()
    assert refused(lambda: check_picture(bomb, Limits())).status == 413
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


@pytest.mark.parametrize("kind", ["GIF", "TIFF", "WEBP", "PNG"])
def test_of_many_frames_the_first_counts_alone(kind: str) -> None:
    rng = np.random.default_rng(0)
    frames = [Image.fromarray(rng.integers(0, 255, (10, 20, 3), np.uint8)) for _ in range(30)]
    file = io.BytesIO()
    frames[0].save(file, kind, save_all=True, append_images=frames[1:])
    assert check_picture(file.getvalue(), LIMITS)[:2] == (10, 20)


def test_a_progressive_jpeg_with_many_scans() -> None:
    once = picture("JPEG", progressive=True)
    assert check_picture(once, LIMITS)[:2] == (10, 20)
    start = once.index(b"\xff\xda")
    scan = once[start : once.index(b"\xff", start + 2)]
    many = once[:start] + scan * 1000 + once[start:]
    error = refused(lambda: check_picture(many, LIMITS))
    assert (error.status, "scans" in str(error)) == (413, True)


@pytest.mark.parametrize(
    "content",
    [b"", b"GIF89a", b"\xff\xd8\xff", b"<svg xmlns='http://www.w3.org/2000/svg'/>",
     b"http://x/a.png",
     b"%PDF-1.7", b"%!PS-Adobe-3.0 EPSF-3.0\n(%pipe%id) run",
     b"PK\x03\x04" + bytes(100), bytes(5000)],
)  # fmt: skip
def test_what_is_no_picture(content: bytes) -> None:
    assert refused(lambda: check_picture(content, LIMITS)).status == 415
