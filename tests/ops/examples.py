"""Each operation worked by hand: literal numbers in, literal numbers out."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import log, tanh
from typing import TYPE_CHECKING, Any

from pellucid import ops
from pellucid.ops.operation import INFERENCE, Mode

if TYPE_CHECKING:
    from pellucid.ops.operation import Operation


@dataclass(frozen=True)
class Example:
    """Inputs, weights and output with the batch axis first; images may leave channels out if 1."""

    about: str
    operation: Operation
    inputs: list[Any]
    output: Any
    weights: dict[str, Any] = field(default_factory=dict)
    mode: Mode = INFERENCE

    def __str__(self) -> str:
        return f"{self.operation.kind}: {self.about}"


IMAGE = [
    [0, 0, 0, 0, 0, 0, 0],
    [0, 1, 0, 0, 0, 1, 0],
    [0, 0, 0, 0, 0, 0, 0],
    [0, 0, 0, 1, 0, 0, 0],
    [0, 1, 0, 0, 0, 1, 0],
    [0, 0, 1, 1, 1, 0, 0],
    [0, 0, 0, 0, 0, 0, 0],
]
KERNEL = [[0, 0, 1], [1, 0, 0], [0, 1, 1]]
FEATURE_MAP = [
    [0, 1, 0, 0, 0],
    [0, 1, 1, 1, 0],
    [1, 0, 0, 2, 1],
    [1, 4, 2, 1, 0],
    [0, 0, 1, 2, 1],
]
"""As the arithmetic has it: the lecture's slide prints a 1 at row 3, column 3, where this has 0."""
POOLED_MAP = [[1, 1, 0], [4, 2, 1], [0, 2, 1]]
FLATTENED = [1, 1, 0, 4, 2, 1, 0, 2, 1]


def grey(rows: list[list[Any]]) -> list[list[list[Any]]]:
    """Rows of numbers as an image of one channel."""
    return [[[value] for value in row] for row in rows]


EXAMPLES = [
    Example(
        "the lecture's feature map",
        ops.Conv2D(1, (3, 3), bias=False),
        [[grey(IMAGE)]],
        [grey(FEATURE_MAP)],
        {"kernel": [[[[value]] for value in row] for row in KERNEL]},
    ),
    Example(
        # (1·1 + 2·10, 1·2 + 2·20) + bias at the first pixel; kernels are (kh, kw, in, out).
        "two channels, two filters",
        ops.Conv2D(2, (1, 1), (1, 2)),
        [[[[[1, 2], [8, 8], [3, 4]]]]],
        [[[[21.5, 41], [43.5, 85]]]],
        {"kernel": [[[[1, 2], [10, 20]]]], "bias": [0.5, -1]},
    ),
    Example(
        # Windows at −1, 1, 3 of a row of four with one zero before and two after, holes of 1.
        "stride, dilation, padding",
        ops.Conv2D(1, (1, 2), (1, 2), (1, 2), ((0, 0), (1, 2)), bias=False),
        [[grey([[1, 2, 3, 4]])]],
        [grey([[0 * 5 + 2 * 7, 2 * 5 + 4 * 7, 4 * 5 + 0 * 7]])],
        {"kernel": [[[[5]], [[7]]]]},
    ),
    Example(
        "depthwise: a kernel for each channel",
        ops.Conv2D(2, (1, 2), groups=2, bias=False),
        [[[[[1, 2], [3, 4]]]]],
        [[[[1 * 10 + 3 * 100, 2 * 20 + 4 * 200]]]],
        {"kernel": [[[[10, 20]], [[100, 200]]]]},
    ),
    Example(
        # 2 · (1 10 100) and 3 · (1 10 100), two places apart, overlap in the middle.
        "two kernels, spread and added",
        ops.ConvTranspose2D(1, (1, 3), (1, 2)),
        [[grey([[2, 3]])]],
        [grey([[2.5, 20.5, 203.5, 30.5, 300.5]])],
        {"kernel": [[[[1]], [[10]], [[100]]]], "bias": [0.5]},
    ),
    Example(
        "the first cut off, one more at the end",
        ops.ConvTranspose2D(1, (1, 3), (1, 2), ((0, 0), (1, 0)), (0, 1), bias=False),
        [[grey([[2, 3]])]],
        [grey([[20, 203, 30, 300, 0]])],
        {"kernel": [[[[1]], [[10]], [[100]]]]},
    ),
    Example(
        # u is −1/2, 1/2 and v is 0: across 2·u + 3·v + 4, down 10·u + 20·v + 30.
        "an affine map of two pixels",
        ops.AffineGrid((1, 2)),
        [[[2, 3, 4, 10, 20, 30]]],
        [[[[3, 25], [5, 35]]]],
    ),
    Example(
        "the identity of four corners",
        ops.AffineGrid((2, 2), align_corners=True, relative=True),
        [[[0, 0, 0, 0, 0, 0]]],
        [[[[-1, -1], [1, -1]], [[-1, 1], [1, 1]]]],
    ),
    Example(
        # u is −1/2, 1/2 and v is 0: across 2·u + 3·v + 4, down 5·u + 6·v + 7, away 8·u + 9·v + 1.
        "a projective map of two pixels",
        ops.ProjectiveGrid((1, 2)),
        [[[2, 3, 4, 5, 6, 7, 8, 9]]],
        [[[[3, 4.5, -3], [5, 9.5, 5]]]],
    ),
    Example(
        "the identity of four corners in space",
        ops.ProjectiveGrid((2, 2), align_corners=True, relative=True),
        [[[0, 0, 0, 0, 0, 0, 0, 0]]],
        [[[[-1, -1, 1], [1, -1, 1]], [[-1, 1, 1], [1, 1, 1]]]],
    ),
    Example(
        # The last two lie behind and on the horizon: 1/64 is divided by.
        "twice as far, half as far, behind, on the horizon",
        ops.PerspectiveDivide(),
        [[[[[3, -4, 2], [3, -4, 0.5], [3, -4, -1], [0, 1, 0]]]]],
        [[[[1.5, -2], [6, -8], [192, -256], [0, 64]]]],
    ),
    Example(
        # 0 is half-way between the pixels; 0.75 is a quarter of a pixel beyond the last's middle.
        "between two pixels, and between a pixel and nothing",
        ops.GridSample(),
        [[grey([[4, 8]])], [[[[0, 0], [0.75, 0], [-3, 0]]]]],
        [grey([[6, 0.75 * 8, 0]])],
    ),
    Example(
        # Rows 0, 2, 1; 2.4 is nearest to 2, what lies outside is held within 0 and 2.
        "rows of a table",
        ops.Embedding(3, 2),
        [[[0, 2.4, 1, -5, 9]]],
        [[[1, 10], [3, 30], [2, 20], [1, 10], [3, 30]]],
        {"table": [[1, 10], [2, 20], [3, 30]]},
    ),
    Example(
        "each row with each row, halved",
        ops.MatrixProduct(transposed=True, scaled=True),
        [[[[1, 2, 3, 4]]], [[[1, 0, 0, 0], [1, 1, 1, 1]]]],
        [[[0.5, 5]]],
    ),
    Example(
        # Both gates are 1/2, the candidate is tanh(ln 2) = 0.6: half of it, and half of before.
        "half of the state is kept",
        ops.GRU(1),
        [[[[1], [1]]], [[1]]],
        [[[0.8], [0.7]]],
        {
            "kernel": [[0, 0, log(2)]],
            "recurrent_kernel": [[0, 0, 0]],
            "bias": [0, 0, 0],
            "recurrent_bias": [0, 0, 0],
        },
    ),
    Example(
        # The candidate is 0.6, and all gates are 1/2: the cell comes to ln 2, then to 0.3 + ln 2/2.
        "half of the cell is kept",
        ops.LSTM(1),
        [[[[1], [1]]], [[5]], [[2 * log(2) - 0.6]]],
        [[[0.3], [tanh(0.3 + log(2) / 2) / 2]]],
        {
            "kernel": [[0, 0, log(2), 0]],
            "recurrent_kernel": [[0, 0, 0, 0]],
            "bias": [0, 0, 0, 0],
            "recurrent_bias": [0, 0, 0, 0],
        },
    ),
    Example(
        "each pixel four times",
        ops.Resize(),
        [[grey([[1, 2]])]],
        [grey([[1, 1, 2, 2], [1, 1, 2, 2]])],
    ),
    Example(
        # Five places over three pixels: 0.3, 0.9, 1.5, 2.1, 2.7 from the left edge.
        "nearest of a row",
        ops.Resize((1, 5)),
        [[grey([[7, 8, 9]])]],
        [grey([[7, 7, 8, 9, 9]])],
    ),
    Example(
        # Places −0.25, 0.25, 0.75, 1.25 between the pixels 0 and 1.
        "between two pixels",
        ops.Resize((1, 4), method="bilinear"),
        [[grey([[4, 8]])]],
        [grey([[4, 0.75 * 4 + 0.25 * 8, 0.25 * 4 + 0.75 * 8, 8]])],
    ),
    Example(
        "the lecture's pooled map",
        ops.MaxPool((2, 2), (2, 2), edge="count"),
        [[grey(FEATURE_MAP)]],
        [grey(POOLED_MAP)],
    ),
    Example(
        "the same without the windows that hang over",
        ops.MaxPool((2, 2), (2, 2)),
        [[grey(FEATURE_MAP)]],
        [grey([[1, 1], [4, 2]])],
    ),
    Example(
        "the padding never wins",
        ops.MaxPool((1, 2), (1, 1), ((0, 0), (1, 0))),
        [[grey([[-3, -5, -4]])]],
        [grey([[-3, -3, -4]])],
    ),
    Example(
        "means of the lecture's map",
        ops.AveragePool((2, 2), (2, 2), edge="count"),
        [[grey(FEATURE_MAP)]],
        [grey([[0.5, 0.5, 0], [1.5, 1.25, 0.5], [0, 1.5, 1]])],
    ),
    Example(
        "the padding counts: (0 + 6)/2, (6 + 2)/2",
        ops.AveragePool((1, 2), (1, 1), ((0, 0), (1, 0)), count_padding=True),
        [[grey([[6, 2]])]],
        [grey([[3, 4]])],
    ),
    Example(
        "the padding does not count: 6/1, (6 + 2)/2",
        ops.AveragePool((1, 2), (1, 1), ((0, 0), (1, 0))),
        [[grey([[6, 2]])]],
        [grey([[6, 4]])],
    ),
    Example(
        "sums of the lecture's map, times 3, plus 1",
        ops.Subsample((2, 2), (2, 2)),
        [[grey(FEATURE_MAP)]],
        [grey([[2 * 3 + 1, 2 * 3 + 1], [6 * 3 + 1, 5 * 3 + 1]])],
        {"coefficient": [3], "bias": [1]},
    ),
    Example(
        "(1 + 2 + 3 + 6)/4, (0 + 0 + 8 − 4)/4",
        ops.GlobalAveragePool(),
        [[[[[1, 0], [2, 0]], [[3, 8], [6, -4]]]]],
        [[3, 1]],
    ),
    Example(
        "the largest of each map",
        ops.GlobalMaxPool(),
        [[[[[1, 0], [2, -3]], [[3, -8], [-6, -4]]]]],
        [[3, 0]],
    ),
    Example("the lecture's vector", ops.Flatten(), [[grey(POOLED_MAP)]], [FLATTENED]),
    Example(
        "channels innermost",
        ops.Flatten(),
        [[[[[1, 2], [3, 4]], [[5, 6], [7, 8]]]]],
        [[1, 2, 3, 4, 5, 6, 7, 8]],
    ),
    Example(
        "1·1 + 2·3 + 10, 1·2 + 2·4 + 20, 1·0 − 2·1",
        ops.Dense(3),
        [[[1, 2], [0, -1]]],
        [[17, 30, -2], [7, 16, 1]],
        {"kernel": [[1, 2, 0], [3, 4, -1]], "bias": [10, 20, 0]},
    ),
    Example(
        # The pixels' middles; then places a quarter of the way to the other pixel.
        "a box of two pixels, one of their inner halves, and none",
        ops.RoIAlign((1, 2), 1.0, 1),
        [[grey([[4, 8]])], [[[0, 0, 2, 1, 1, 0], [0.5, 0, 1.5, 1, 1, 3], [0, 0, 2, 1, 0, -1]]]],
        [[grey([[4, 8]]), grey([[5, 7]]), grey([[0, 0]])]],
    ),
    Example(
        # Columns 0 to 2, in parts 0 to 1 and 1 to 2; then column 1 alone, in both parts.
        "parts that share a column, and no box",
        ops.RoIPool((1, 2), 0.5),
        [
            [grey([[1, 5, 2], [7, 3, 9]])],
            [[[0, 0, 4, 2, 1, 0], [1, -1.1, 2.9, 0, 1, 1], [0, 0, 4, 2, 0, -1]]],
        ],
        [[grey([[7, 9]]), grey([[5, 5]]), grey([[0, 0]])]],
    ),
    Example(
        "two rows: 1·1 + 2·3 + 10, 1·2 + 2·4 + 20; 0·1 − 1·3 + 10, 0·2 − 1·4 + 20",
        ops.Dense(2),
        [[[[1, 2], [0, -1]]]],
        [[[17, 30], [7, 16]]],
        {"kernel": [[1, 2], [3, 4]], "bias": [10, 20]},
    ),
    Example(
        "each position a row, channels innermost",
        ops.Reshape((-1, 2)),
        [[[[[1, 2], [3, 4]], [[5, 6], [7, 8]]]]],
        [[[1, 2], [3, 4], [5, 6], [7, 8]]],
    ),
    Example("negatives go", ops.ReLU(), [[[-2, -0.5, 0, 0.5, 3]]], [[0, 0, 0, 0.5, 3]]),
    Example("capped at 6", ops.ReLU6(), [[[-2, 0, 5.5, 6, 60]]], [[0, 0, 5.5, 6, 6]]),
    Example("a slope of 1/8", ops.LeakyReLU(0.125), [[[-8, -1, 0, 4]]], [[-1, -0.125, 0, 4]]),
    Example("between −1 and 2", ops.Clip(-1, 2), [[[-3, -1, 0.5, 2, 7]]], [[-1, -1, 0.5, 2, 2]]),
    Example(
        # −1.5/6 + 1/2, 1/2, 1.5/6 + 1/2
        "a quarter, a half, three quarters, and the far ends",
        ops.HardSigmoid(),
        [[[-4, -3, -1.5, 0, 1.5, 3, 90]]],
        [[0, 0, 0.25, 0.5, 0.75, 1, 1]],
    ),
    Example(
        "a value times its hard sigmoid",
        ops.HardSwish(),
        [[[-4, -3, -1.5, 0, 1.5, 3, 90]]],
        [[0, 0, -0.375, 0, 1.125, 3, 90]],
    ),
    Example(
        # x times 1/4, 1/2, 3/4 as for the sigmoid
        "a value times its sigmoid",
        ops.SiLU(),
        [[[-log(3), 0, log(3), -1e4, 1e4]]],
        [[-log(3) / 4, 0, log(3) * 3 / 4, 0, 1e4]],
    ),
    Example(
        "each channel its slope",
        ops.PReLU(),
        [[[[[-4, -4], [4, 4]]]]],
        [[[[-1, 2], [4, 4]]]],
        {"slope": [0.25, -0.5]},
    ),
    Example(
        "1/(1 + 3), 1/2, 3/4 and the far ends",
        ops.Sigmoid(),
        [[[-log(3), 0, log(3), -1e4, 1e4]]],
        [[0.25, 0.5, 0.75, 0, 1]],
    ),
    Example(
        # tanh(ln 2) = (2 − 1/2)/(2 + 1/2)
        "tanh(ln 2) is 3/5",
        ops.Tanh(),
        [[[-log(2), 0, log(2), 1e4]]],
        [[-0.6, 0, 0.6, 1]],
    ),
    Example(
        "the lecture's dog and cat, 0.95 and 0.05",
        ops.Softmax(),
        [[[log(19), 0], [1e4 + log(19), 1e4], [-1e4, 1e4]]],
        [[0.95, 0.05], [0.95, 0.05], [0, 1]],
    ),
    Example(
        # (5 − 1)/√(3 + 1)·3 − 1 and (0 + 8)/√(15 + 1)·10 + 0
        "inference",
        ops.BatchNorm(epsilon=1.0),
        [[[5, 0]]],
        [[5, 20]],
        {"gamma": [3, 10], "beta": [-1, 0], "mean": [1, -8], "variance": [3, 15]},
    ),
    Example(
        # mean 0, variance (9 + 1 + 1 + 1)/4 = 3, √(3 + 1) = 2; what is stored does not matter
        "training",
        ops.BatchNorm(epsilon=1.0),
        [[[-3], [1], [1], [1]]],
        [[7], [11], [11], [11]],
        {"gamma": [2], "beta": [10], "mean": [5], "variance": [9]},
        Mode(training=True),
    ),
    Example("inference changes nothing", ops.Dropout(0.5), [[[1, 2, 3, 4]]], [[1, 2, 3, 4]]),
    Example(
        # Seed, step and layer 0: the published words of counter 0 and key 0, 6627e8d5 e169c58d
        # bc57ac4c 9b00dbd8. At a rate of a half, those from 80000000 on stay, and are doubled.
        "training, with a published random number",
        ops.Dropout(0.5),
        [[[1, 2, 3, 4]]],
        [[0, 4, 6, 8]],
        mode=Mode(training=True),
    ),
    Example(
        # 1/(1 + 1 + 4), 2/(1 + 1 + 4 + 9), 3/(1 + 4 + 9)
        "neighbours on each side",
        ops.LocalResponseNorm(3, 1.0, 1.0, 1.0),
        [[[[[1, 2, 3]]]]],
        [[[[1 / 6, 2 / 15, 3 / 14]]]],
    ),
    Example("two branches", ops.Add(), [[[1, 2]], [[10, 20]]], [[11, 22]]),
    Example(
        "each channel by its own number",
        ops.Multiply(),
        [[[[[1, 2], [3, 4]]]], [[10, 100]]],
        [[[[10, 200], [30, 400]]]],
    ),
    Example(
        "each position by its own number",
        ops.Multiply(),
        [[[[[1, 2], [3, 4]]]], [[[[10], [100]]]]],
        [[[[10, 20], [300, 400]]]],
    ),
    Example(
        "one above, two on the right",
        ops.Pad(((1, 0), (0, 2)), 9),
        [[grey([[1, 2]])]],
        [grey([[9, 9, 9, 9], [1, 2, 9, 9]])],
    ),
    Example(
        "without the first row and the last column",
        ops.Crop(((1, 0), (0, 1))),
        [[grey([[1, 2, 3], [4, 5, 6]])]],
        [grey([[4, 5]])],
    ),
    Example("the second and the third", ops.ChannelSlice(1, 3), [[[1, 2, 3, 4]]], [[2, 3]]),
    Example(
        # groups 1 2 3 and 4 5 6, dealt out in turn
        "two groups of three",
        ops.ChannelShuffle(2),
        [[[1, 2, 3, 4, 5, 6]]],
        [[1, 4, 2, 5, 3, 6]],
    ),
    Example(
        "two branches, pixel by pixel",
        ops.Concatenate(),
        [[[[[1], [2]]]], [[[[3, 4], [5, 6]]]]],
        [[[[1, 3, 4], [2, 5, 6]]]],
    ),
    Example(
        "(255 − 127)/64, (0 − 10)/5",
        ops.Normalise((127.0, 10.0), (64.0, 5.0)),
        [[[[[255, 0]]]]],
        [[[[2, -2]]]],
    ),
]
