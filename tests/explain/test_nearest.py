"""Which gallery kernel a learned one is like."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics.pairwise import cosine_similarity

from pellucid.explain.gallery import GALLERY
from pellucid.explain.nearest import by_chance, nearest


def core(name: str) -> np.ndarray:
    matrix = GALLERY[name].matrix
    return matrix if matrix.shape == (3, 3) else matrix[1:4, 1:4]


@pytest.mark.parametrize("shape", [(3, 3, 1), (5, 5, 3), (4, 7, 2)])
@pytest.mark.parametrize("name", GALLERY)
def test_the_gallery_is_like_itself(name: str, shape: tuple[int, int, int]) -> None:
    height, width, channels = shape
    top, left = (height - 3) // 2, (width - 3) // 2
    kernels = np.zeros((*shape, 2), np.float32)
    kernels[top : top + 3, left : left + 3] = core(name)[:, :, None, None] * [0.3, -7.0]
    same, turned = nearest(kernels)
    assert (same.kernel, same.name, turned.name) == (0, name, name)
    assert same.similarity == pytest.approx(1.0)
    assert turned.similarity == pytest.approx(-1.0)
    assert channels == shape[2]


def test_sharpen_and_edge_detect_are_nearly_opposite_and_no_others() -> None:
    """As the documentation says: −24 / (√29 · √20)."""
    names = list(GALLERY)
    cosines = cosine_similarity(np.array([core(name).ravel() for name in names]))
    pair = names.index("sharpen"), names.index("edge-detect")
    assert cosines[pair] == pytest.approx(-24 / np.sqrt(29 * 20))
    assert round(float(cosines[pair]), 3) == -0.997
    others = np.abs(np.triu(cosines, 1))
    others[min(pair), max(pair)] = 0.0
    assert others.max() < 0.9
    noisy = np.repeat(core("sharpen")[:, :, None, None] * [-1.0], 2, axis=2)
    noisy[1, 1] += 0.8  # −4.2: now the name changes, and the sign with it
    (found,) = nearest(noisy)
    assert found.name == "edge-detect"
    assert found.similarity > 0.99


def test_the_largest_cosine_beside_scikit_learn() -> None:
    kernels = np.random.default_rng(3).standard_normal((3, 3, 2, 40))
    gallery = np.array([np.repeat(core(name)[:, :, None], 2, 2).ravel() for name in GALLERY])
    wanted = cosine_similarity(kernels.reshape(18, 40).T, gallery)
    found = nearest(kernels)
    assert [each.kernel for each in found] == list(range(40))
    for each, cosines in zip(found, wanted, strict=True):
        assert abs(each.similarity) == pytest.approx(np.abs(cosines).max())
        assert each.similarity == pytest.approx(cosines[list(GALLERY).index(each.name)])


def test_kernels_that_are_like_nothing() -> None:
    kernels = np.zeros((3, 3, 1, 3))
    kernels[1, 1, 0, 1] = 2.0
    assert [each.kernel for each in nearest(kernels)] == [1]
    assert nearest(np.ones((1, 1, 4, 5))) == ()
    assert nearest(np.ones((2, 3, 4, 5))) == ()


def test_chance_has_less_to_say_of_larger_kernels() -> None:
    levels = [by_chance(3, 3, 1), by_chance(3, 3, 3), by_chance(5, 5, 32)]
    assert 1.0 > levels[0] > levels[1] > levels[2] > 0.0
    others = np.random.default_rng(9).standard_normal((3, 3, 3, 4000))
    beyond = np.mean([abs(each.similarity) > levels[1] for each in nearest(others)])
    assert beyond == pytest.approx(0.05, abs=0.015)
