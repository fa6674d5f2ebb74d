"""Models that settings name, read once for all estimators that are made of these settings."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from pellucid.engines import get_engine
from pellucid.files.run_model import model_path
from pellucid.interop.models import find_model, place_of

if TYPE_CHECKING:
    from pellucid.files import Model
    from pellucid.interop.models import ModelPlace


def remembered_model(given: ModelPlace, engine: str) -> Model:
    """The model that something means, see :func:`find_model`; the last one is remembered.

    An estimator that is made several times, as commands and searches do, reads it once.
    """
    place = place_of(given)
    if place is None:
        return _remembered(str(given), None, engine)
    try:
        status = model_path(place).stat()
    except OSError:  # reading it says why not
        return find_model(given, engine=get_engine(engine))
    mark = status.st_mtime_ns, status.st_size, status.st_ino
    written = given if isinstance(given, str) else Path(given)
    return _remembered(written, mark, engine)  # named in errors as it was written


@lru_cache(maxsize=1)
def _remembered(
    given: str | Path,
    mark: tuple[int, int, int] | None,  # noqa: ARG001 - a file that changed is read again
    engine: str,
) -> Model:
    return find_model(given, engine=get_engine(engine))
