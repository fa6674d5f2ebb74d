"""Generators that can be opened up: a picture and its score, back to its noise."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid import checks
from pellucid.errors import ArgumentError
from pellucid.estimators.judged_generator import JudgedGenerator
from pellucid.explain.backward import differentiated
from pellucid.explain.generated import (
    has_discriminator,
    of_noise,
    picture_model,
    pixel_learner,
    pixel_model,
    score_model,
)
from pellucid.explain.trace import traced
from pellucid.page import make_page
from pellucid.page.generated import Generated, noise_samples
from pellucid.page.replay import replay_of
from pellucid.page.samples import SAMPLES
from pellucid.tasks.of_noise import REAL

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence

    from pellucid.explain.backward import Backward
    from pellucid.explain.trace import Trace
    from pellucid.ops.operation import Array
    from pellucid.page import Page
    from pellucid.page.page import Language

    Sample = tuple[int, int] | Array
    """A picture of chance, (seed, number) as :meth:`sample` gives it, number from 0; or noise."""

MOST_NUMBER = 1_000_000
"""The largest number of a sample: all before it are drawn, too."""


class OpenGenerator(JudgedGenerator):
    """A generator whose pictures can be looked into, one by one."""

    def trace(self, sample: Sample = (0, 0), *, score: bool = False, whole: bool = False) -> Trace:
        """Every number between noise and a picture, or on to the discriminator's score of it.

        ``trace.value("generator2", at=(3, 7, 5))`` opens one of them into all its terms; of the
        layer ``"pixels"`` a grey level.

        Args:
            sample: Which picture: seed and number, as :meth:`sample` gives them; or Z numbers.
            score: Whether the trace goes on through the discriminator.
            whole: Whether all of it is printed or saved, see :meth:`ImageClassifier.trace`.

        Raises:
            ArgumentError: If there is no such sample, or no discriminator in the model's file.
            ShapeError: If there are not Z numbers.
        """
        model = (score_model if score else picture_model)(self.model_)
        return traced(
            of_noise(model, self._noise_of(sample), self.engine, name=_name_of(sample), whole=whole)
        )

    def backward(
        self,
        sample: Sample = (0, 0),
        *,
        pixel: Sequence[int] | None = None,
        level: float | None = None,
    ) -> Backward:
        """A loss of one picture, and every gradient of it, back to the noise.

        Without a pixel it is the loss that the generator learns by: that the discriminator takes
        the picture for real, −log D(G(z)). With one, it is the squared error of that pixel.

        Args:
            sample: As :meth:`trace` takes it.
            pixel: (row, column, channel), from 0; of grey pictures (row, column) is enough.
            level: The grey level that is wanted there, 0..255.

        Raises:
            ArgumentError: If there is no such sample or pixel, a pixel has no level, or there is no
                discriminator in the model's file.
            ShapeError: If there are not Z numbers.
        """
        noise, name = self._noise_of(sample), _name_of(sample)
        if pixel is None:
            if level is not None:
                raise ArgumentError("a level is wanted of a pixel; give pixel, or leave level out")
            activations = of_noise(score_model(self.model_), noise, self.engine, name=name)
            return differentiated(activations, REAL)
        if level is None:
            raise ArgumentError("give the grey level that is wanted of the pixel: level, 0 to 255")
        checks.number("level", level, 0.0, 255.0)
        activations = of_noise(pixel_model(self.model_, pixel), noise, self.engine, name=name)
        return differentiated(activations, [level], pixel_learner(self.model_))

    def page(
        self,
        *,
        samples: int = SAMPLES,
        seed: int = 0,
        title: str = "",
        allow_large: bool = False,
        language: Language = "en",
        replay: str | os.PathLike[str] | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> Page:
        """The generator as one web page that makes pictures, and needs nothing else.

        It draws new noise, goes along directions in it and from one picture to another, and opens
        every pixel; and scores pictures, where the model's file has the discriminator.

        Args:
            samples: How many pictures it brings along, at least 1.
            seed: Which, as :meth:`sample` takes it.
            title: What the page is called.
            allow_large: Whether it may have more than 60 MB of weights.
            language: Of its texts at first.
            replay: The folder of the run that the generator is of: the page then shows its training
                again, with the weights after each epoch that ``fit(…, replay=True)`` has kept.
            progress: Called with the number of programs compiled, and of all, after each.

        Raises:
            ArgumentError: If there is a layer without compiled code, or the page becomes too large.
        """
        checks.whole("samples", samples, 1)
        own = self.model_
        model = score_model(own) if has_discriminator(own) else picture_model(own)
        again = None if replay is None else replay_of(Path(replay), own)
        page = make_page(
            model,
            noise_samples(self.noise(samples, seed=seed), seed),
            generated=Generated.of(model.network, own.network.graph.output),
            replay=again,
            title=title,
            allow_large=allow_large,
            language=language,
            progress=progress,
        )
        note = again.note(allow_large=allow_large) if again is not None else ""
        return replace(page, notes=(*page.notes, *([note] if note else [])))

    def _noise_of(self, sample: Sample) -> Array:
        if isinstance(sample, np.ndarray):
            return sample
        given: Any = sample
        if not isinstance(given, tuple | list) or len(given) != 2:
            raise ArgumentError(
                "a sample is its seed and its number, from 0, such as (0, 3); or an array of the "
                f"numbers that it is made of; got {given!r:.80}"
            )
        seed, number = given
        checks.whole("number", number, 0, MOST_NUMBER)
        drawn: Array = self.noise(1, seed=seed, first=number)[0]
        return drawn


def _name_of(sample: Sample) -> str:
    return "noise" if isinstance(sample, np.ndarray) else f"sample {sample[0]}/{sample[1]}"
