"""Records: results that can be kept as files and that draw themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    import os
    from types import ModuleType

    from matplotlib.figure import Figure


class Record:
    """A result: a report, a trace, an explanation.

    Its numbers are attributes, and :meth:`to_dict` has them as JSON values. How it looks is the
    matter of :mod:`pellucid.show`, which has a document for each kind.

    Attributes:
        record_kind: What is recorded; a key of :data:`pellucid.show.records.DOCUMENTS`.
    """

    record_kind: ClassVar[str]
    endings: ClassVar[tuple[str, ...]] = (".html", ".json", ".png")
    """As what :meth:`save` can write it."""

    def to_dict(self) -> dict[str, Any]:
        """The record as JSON values."""
        raise NotImplementedError

    def plot(self, **options: Any) -> Figure:
        """The record as a Matplotlib figure, which is not pyplot's current one.

        Args:
            options: Those of its kind; most have none.

        Raises:
            ArgumentError: If records of this kind have no figure.
            MissingDependencyError: If Matplotlib is not installed.
        """
        figure: Figure = _show().figure(self, **options)
        return figure

    def png(self, **options: Any) -> bytes:
        """The figure as the bytes of a PNG file."""
        content: bytes = _show().png(self, **options)
        return content

    def to_html(self) -> str:
        """A page that stands alone, as one HTML file."""
        page: str = _show().page(self)
        return page

    def save(self, path: str | os.PathLike[str], **options: Any) -> None:
        """Write the record; the name's ending says as what.

        Args:
            path: ``.png`` (also without an ending) for the figure, ``.html`` for a page, ``.json``
                for the numbers.
            options: Those of its kind.

        Raises:
            ArgumentError: If the ending is another.
            OutputError: If it cannot be written; an earlier file there is then untouched.
        """
        _show().save(self, path, **options)

    def show(self) -> None:
        """Show the record: its page's contents in a notebook, also in the middle of a cell.

        Elsewhere it is printed as commands print it, on standard output.
        """
        _show().show(self)

    def _repr_html_(self) -> str:
        fragment: str = _show().fragment(self)
        return fragment


def _show() -> ModuleType:
    """What draws; the one import that goes up, since what is drawn lies below what draws it."""
    from pellucid.show import records

    return records
