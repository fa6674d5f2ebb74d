"""Estimators that can be opened up: traces, gradients, explanations, surgery, whatever the task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from pellucid import checks
from pellucid.data.decisions.marks import decisions_of
from pellucid.engines import get_engine
from pellucid.estimators.answering import AnsweringEstimator
from pellucid.estimators.reading import as_images
from pellucid.explain.activations import Activations
from pellucid.explain.backward import backward
from pellucid.explain.explanation import explain
from pellucid.explain.surgery import edit_model
from pellucid.explain.trace import trace
from pellucid.quantisation import MOST_PICTURES, quantise, to_bfloat16
from pellucid.renamed import OldAttribute
from pellucid.training.fit import Fitted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.data.dataset import Dataset
    from pellucid.data.preprocessing import Picture
    from pellucid.explain.backward import Backward
    from pellucid.explain.evidence import Evidence
    from pellucid.explain.heatmap import Heatmap
    from pellucid.explain.surgery import Edit
    from pellucid.explain.trace import Trace
    from pellucid.explain.truth import Right
    from pellucid.explain.update_rule import UpdateRule
    from pellucid.files import Model


class OpenEstimator(AnsweringEstimator):
    """An estimator whose network can be looked into, picture by picture."""

    def values(self, picture: Picture) -> dict[str, NDArray[Any]]:
        """Every layer's output for one picture, by layer name, without a batch axis.

        ``input`` holds the pixels, ``probabilities`` the softmax of the logits, or of several
        labels a picture the sigmoid of each; of a regressor ``numbers`` the numbers in their units.
        """
        images, _ = as_images(self.model_, [picture], self.max_pixels)
        program, task = self._learned.program, self.model_.task
        values = {name: value[0] for name, value in program.values(images).items()}
        outputs = values[program.graph.output].astype(np.float64)
        return {**values, task.read_as: task.reading.forward([outputs[None]], {})[0][0]}

    def trace(self, picture: Picture, *, whole: bool = False) -> Trace:
        """Every number between a picture and the answer, in the lecture's order.

        ``trace.value("conv2", at=(3, 7, 5))`` opens one of them into all its terms.

        Args:
            picture: A path, the bytes of a file, a Pillow image or pixels (H, W) or (H, W, C).
            whole: Whether all of it is printed or saved; values that prediction never makes, before
                a norm that is folded away, are then computed together with the others.
        """
        return trace(self, picture, whole=whole)

    def backward(
        self, picture: Picture, label: Right | None = None, *, learner: UpdateRule | None = None
    ) -> Backward:
        """The loss of a picture of which is known what is right, and every gradient of it.

        ``backward.weight("conv2.kernel", at=(1, 0, 3, 5))`` opens one of them into all its terms.

        Args:
            picture: As in :meth:`trace`.
            label: What is right. The class, as :meth:`predict` answers it, or its name as a text;
                where labels are texts, an integer is the class's place, from 0. Of several labels
                a text such as ``"cat; pet"``, their names, or a row of 0 and 1. Of numbers one
                each. Of boxes rows of a class, x0, y0, x1 and y1 in pixels of the picture, or a
                text ``"cat 10,20,50,60; dog 0,0,30,40"``. Of speech the text that is said. None:
                what the network itself answers.
            learner: Loss and optimizer; none: those that the network was trained with.

        Raises:
            ArgumentError: If there is no such class or label, or other numbers are expected.
        """
        return backward(self, picture, label, learner=learner)

    def explain(
        self,
        picture: Picture,
        method: str = "evidence",
        *,
        target: str | int | None = None,
        against: str | int | None = None,
        box: int | None = None,
        number: str | None = None,
        place: tuple[float, float] | None = None,
        word: int | None = None,
        second: float | None = None,
        **options: Any,
    ) -> Heatmap | Evidence:
        """Why the answer is what it is: evidence that adds up, or a heatmap.

        Args:
            picture: As in :meth:`trace`.
            method: A name of :data:`pellucid.explain.methods.METHODS`, e.g. ``"grad-cam"``.
            target: The class, label or number in question, its name as a text or its place as an
                integer; none: the likeliest, or the first number.
            against: The class or label to compare it with; none: no other, for evidence of one
                class a picture the likeliest other. Numbers are compared with nothing.
            box: Of detectors, which of the boxes that :meth:`detections` finds, from 0 by falling
                probability; none: the most probable.
            number: Of detectors, a distance of the box from its cell's middle instead of its class:
                ``"left"``, ``"top"``, ``"right"`` or ``"bottom"``. What is explained is its
                logarithm, so that shares that add up multiply the distance. Of boxes in regions
                ``"x"`` or ``"y"``, how far the box's middle is from the region's, or ``"width"`` or
                ``"height"``, the logarithm of how many times the region's.
            place: Of detectors, x and y in pixels of the picture: the most probable box there is
                asked about, found or not, of the target where one is given.
            word: Of speech to text, which of the words (or characters) that were written, from 0;
                none: the most probable. ``target`` and ``against`` are others at the same step,
                ``"the blank"`` among them.
            second: Of speech to text, a time in seconds instead, and what is the likeliest then.
            options: The method's own, e.g. ``layer="conv2"`` for Grad-CAM.

        Raises:
            ArgumentError: If the method, a class, a box, an option or a layer is unknown or unfit.
        """
        activations = Activations.of(self, picture)
        return explain(
            activations, method,
            target=target, against=against, box=box, number=number, place=place, word=word,
            second=second, **options,
        )  # fmt: skip

    operated = OldAttribute("edited")

    def edited(self, *edits: Edit) -> Self:
        """A new estimator whose network is changed; this one stays as it is.

        Args:
            edits: Of :mod:`pellucid.explain.surgery`, e.g. ``Mute("conv2", 3)``, in their order.

        Returns:
            One with the same settings and class labels, and without a history.

        Raises:
            ArgumentError: If there is no such layer, map, weight or kernel, or the change does not
                suit it.
        """
        return self._with_model(edit_model(self.model_, edits))

    def quantised(self, data: Dataset, *, most: int = MOST_PICTURES) -> Self:
        """A new estimator whose layers compute with whole numbers of 8 bits; this one stays.

        Args:
            data: Pictures of the network's size, best those that it learned from.
            most: How many of them scales are found from, evenly over the data; at least 1.

        Raises:
            ArgumentError: If the network cannot be quantised.
        """
        checks.whole("most", most)
        chosen = np.linspace(0, len(data) - 1, min(most, len(data))).astype(int)
        engine = get_engine(self.engine)
        decided = decisions_of([data])
        return self._with_model(
            quantise(self.model_, data.images[chosen], engine=engine, decisions=decided).model
        )

    def in_bfloat16(self) -> Self:
        """A new estimator with bfloat16 in the layers that are faster so; this one stays.

        Raises:
            ArgumentError: If the network has no such layer, or is quantised.
        """
        return self._with_model(to_bfloat16(self.model_).model)

    def _with_model(self, model: Model) -> Self:
        program = get_engine(self.engine).load(model.network)
        return self._changed(Fitted(model, program))
