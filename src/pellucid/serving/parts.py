"""Forms with files (``multipart/form-data``, RFC 7578), read within limits.

Everything stays in memory, so that no number of parts opens a file; the body is limited already.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from pellucid.serving.refused import RefusedError
from pellucid.text import counted

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from python_multipart.multipart import MultipartCallbacks

    from pellucid.serving.limits import Limits

_HEAD_BYTES = 4096  # header fields of one part
_MOST_NAME = 255  # characters of a file's name


@dataclass(frozen=True)
class Part:
    """One part of a form.

    Attributes:
        name: The field's name.
        filename: What the file was called, without folders; None of a field that is no file. It is
            text to be shown, not a place.
        content: The bytes.
    """

    name: str
    filename: str | None
    content: bytes


async def read_parts(content_type: str, body: AsyncIterator[bytes], limits: Limits) -> list[Part]:
    """Read a form as it arrives.

    Args:
        content_type: The request's field, with the boundary.
        body: The request's bytes.
        limits: How many parts it may have.

    Returns:
        The parts in their order.

    Raises:
        RefusedError: If there are too many parts (as soon as the first of them begins), or it is
            not well-formed.
    """
    kind, options = parse_options_header(content_type)
    boundary = options.get(b"boundary", b"")
    if kind != b"multipart/form-data" or not 1 <= len(boundary) <= 70:
        raise RefusedError(400, "expected multipart/form-data with a boundary of 1 to 70 bytes")
    form = _Form(limits)
    parser = MultipartParser(boundary, form.callbacks())
    try:
        async for chunk in body:
            parser.write(chunk)
        parser.finalize()
    except FormParserError as error:
        raise RefusedError(400, "the form is malformed: no multipart/form-data") from error
    if not form.ended:
        raise RefusedError(400, "the form is cut short: its closing boundary is missing")
    return form.parts


@dataclass
class _Form:
    """Collects parts from the parser's events."""

    limits: Limits
    parts: list[Part] = field(default_factory=list)
    ended: bool = False
    _head_bytes: int = 0
    _name: bytearray = field(default_factory=bytearray)
    _value: bytearray = field(default_factory=bytearray)
    _fields: dict[bytes, bytes] = field(default_factory=dict)
    _content: list[bytes] = field(default_factory=list)

    def callbacks(self) -> MultipartCallbacks:
        return {
            "on_part_begin": self.begin,
            "on_header_field": self.header_name,
            "on_header_value": self.header_value,
            "on_header_end": self.header_end,
            "on_part_data": self.data,
            "on_part_end": self.end_part,
            "on_end": self.end,
        }

    def begin(self) -> None:
        if len(self.parts) >= self.limits.parts:
            raise RefusedError(
                413,
                f"the form has more than {counted(self.limits.parts, 'part')}; send them in "
                "several requests, or start the service with a larger --max-parts",
            )
        self._head_bytes = 0
        self._fields, self._content = {}, []

    def header_name(self, data: bytes, start: int, end: int) -> None:
        self._count(end - start)
        self._name += data[start:end]

    def header_value(self, data: bytes, start: int, end: int) -> None:
        self._count(end - start)
        self._value += data[start:end]

    def header_end(self) -> None:
        self._fields[bytes(self._name).lower()] = bytes(self._value)
        self._name.clear()
        self._value.clear()

    def data(self, data: bytes, start: int, end: int) -> None:
        self._content.append(data[start:end])

    def end_part(self) -> None:
        kind, options = parse_options_header(self._fields.get(b"content-disposition", b""))
        if kind != b"form-data" or b"name" not in options:
            raise RefusedError(400, "a part of the form has no name (Content-Disposition)")
        if self._fields.get(b"content-transfer-encoding", b"binary").lower() not in _PLAIN:
            raise RefusedError(415, "a part of the form is encoded; send its bytes as they are")
        filename = options.get(b"filename")
        shown = None if filename is None else file_name(filename.decode("utf-8", "replace"))
        name = options[b"name"].decode("utf-8", "replace")
        self.parts.append(Part(name, shown, b"".join(self._content)))

    def end(self) -> None:
        self.ended = True

    def _count(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > _HEAD_BYTES:
            raise RefusedError(413, f"the head of a part has more than {_HEAD_BYTES} bytes")


_PLAIN = frozenset((b"binary", b"8bit", b"7bit"))


def file_name(given: str) -> str:
    """The last part of a file's name as text: without folders and control characters, not long."""
    last = given.replace("\\", "/").rpartition("/")[2]
    return "".join(each for each in last if each.isprintable())[:_MOST_NAME]
