"""Pillow's settings hold for the whole process: bounded while we read, as they were afterwards."""

from __future__ import annotations

import threading
import warnings

import pytest
from PIL import Image, ImageFile

from pellucid.data.pillow import bounded


def settings() -> tuple[object, ...]:
    return Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, list(warnings.filters)


def allows(pixels: int) -> bool:
    """Whether Pillow would make a picture of that many pixels."""
    try:
        Image.new("1", (1, 1)).crop((0, 0, pixels, 1))
    except Image.DecompressionBombError:
        return False
    return True


@pytest.mark.parametrize("limit", [2, 1000, 1001])
def test_the_limit_is_exact_and_silent(monkeypatch: pytest.MonkeyPatch, limit: int) -> None:
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    before = settings()
    with bounded(limit):
        assert ImageFile.LOAD_TRUNCATED_IMAGES is False
        assert allows(limit)
        assert not allows(limit + 2)
        assert allows(limit + 1) == (limit % 2 == 1)  # which readers check by themselves
    assert settings() == before


def test_of_several_limits_the_largest_holds() -> None:
    before = settings()
    with bounded(1000):
        with bounded(4000):
            assert allows(4000)
        assert not allows(4000)
        with bounded(10):
            assert allows(1000)
        assert not allows(1002)
    assert settings() == before


def test_settings_come_back_when_the_last_thread_is_done() -> None:
    before = settings()
    inside, done = threading.Barrier(3), threading.Event()

    def read(limit: int) -> None:
        with bounded(limit):
            inside.wait(60)
            done.wait(60)

    threads = [threading.Thread(target=read, args=(limit,)) for limit in (100, 2000)]
    for thread in threads:
        thread.start()
    inside.wait(60)
    assert allows(2000)
    assert not allows(2002)
    done.set()
    for thread in threads:
        thread.join()
    assert settings() == before


def test_settings_come_back_after_an_error() -> None:
    before = settings()
    with pytest.raises(KeyError), bounded(10):
        raise KeyError
    assert settings() == before


def test_filters_that_another_thread_put_back_are_no_error() -> None:
    with warnings.catch_warnings():
        before = list(warnings.filters)
        reading = bounded(10)
        reading.__enter__()
        warnings.resetwarnings()
        reading.__exit__(None, None, None)
        assert list(warnings.filters) == []
        warnings.filters[:] = before  # type: ignore[index]
