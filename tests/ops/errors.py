"""What each operation refuses, and what it says then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid import ops
from tests.ops.cases.pointwise import REGISTERED
from tests.ops.refused import setting, shape, small

if TYPE_CHECKING:
    from pellucid.ops.operation import Operation


IMAGES_ONLY: tuple[Operation, ...] = (
    ops.Conv2D(1, (1, 1)),
    ops.ConvTranspose2D(1, (1, 1)),
    ops.MaxPool(),
    ops.AveragePool(),
    ops.Subsample(),
    ops.GlobalAveragePool(),
    ops.GlobalMaxPool(),
    ops.LocalResponseNorm(),
    ops.Normalise((0.0,), (1.0,)),
    ops.Pad(((1, 1), (1, 1))),
    ops.Crop(((1, 1), (1, 1))),
    ops.Resize(),
)

ONE_INPUT: tuple[Operation, ...] = (
    *IMAGES_ONLY,
    ops.Dense(1),
    ops.Flatten(),
    ops.Reshape((-1,)),
    ops.ChannelSlice(0, 1),
    ops.ChannelShuffle(1),
    *REGISTERED,
    ops.PReLU(),
    ops.Softmax(),
    ops.BatchNorm(),
    ops.Dropout(),
)

WINDOW_SETTINGS = [
    refused
    for kind, more in (
        ("conv2d", {"filters": 1}),
        ("max_pool", {}),
        ("average_pool", {}),
        ("subsample", {}),
    )
    for refused in (
        setting(
            "a size of one number",
            kind,
            ("size must be two whole numbers from 1 to", "(height, width)", "got 3"),
            size=3,
            **more,
        ),
        setting("a size of 0", kind, ("size", "from 1", "got (0, 3)"), size=(0, 3), **more),
        setting(
            "a stride of 0",
            kind,
            ("stride", "from 1", "got (1, 0)"),
            size=(2, 2),
            stride=(1, 0),
            **more,
        ),
        setting(
            "a huge stride",
            kind,
            ("stride", "1048576", "got (1, 1048577)"),
            size=(2, 2),
            stride=(1, 1048577),
            **more,
        ),
        setting(
            "an unknown padding",
            kind,
            ("padding must be 'same', 'valid', or pixels ((top, bottom), (left, right))", "'full'"),
            size=(2, 2),
            padding="full",
            **more,
        ),
        setting(
            "padding of one number a side",
            kind,
            ("padding must be two whole numbers from 0", "got 1"),
            size=(2, 2),
            padding=(1, 1),
            **more,
        ),
        setting(
            "padding below 0",
            kind,
            ("padding", "from 0", "got (0, -1)"),
            size=(2, 2),
            padding=((0, -1), (0, 0)),
            **more,
        ),
    )
]

REFUSED = [
    *(
        shape("two inputs", op, (4, 4, 1), (4, 4, 1), says=("takes 1 input, got 2",))
        for op in ONE_INPUT
    ),
    *(
        shape("a flat vector", op, (12,), says=("takes feature maps (height×width×channels)", "12"))
        for op in IMAGES_ONLY
    ),
    shape(
        "feature maps",
        ops.Dense(10),
        (7, 5, 3),
        says=("takes a flat vector", "got 7×5×3", "Flatten()", "GlobalAveragePool()"),
    ),
    shape("regions", ops.Dense(10), (9, 7, 7, 3), says=("takes a flat vector", "got 9×7×7×3")),
    *WINDOW_SETTINGS,
    # ⌊(2 + 0 − 3)/1⌋ + 1 = 0 windows; 3 rows would do.
    small(
        "too few rows",
        ops.Conv2D(1, (3, 2)),
        (2, 5, 1),
        (
            "height 2 is too small",
            "⌊(n + 2p − k)/s⌋ + 1 = ⌊(2 + 0 − 3)/1⌋ + 1 = 0",
            "a height of at least 3",
        ),
    ),
    # A kernel of 3 with holes of 1 spans 5; 1 + 2 pixels of padding leave 2.
    small(
        "too few columns for a dilated kernel",
        ops.Conv2D(1, (1, 3), (1, 2), (1, 2), ((0, 0), (1, 1))),
        (4, 2, 1),
        ("width 2 is too small", "⌊(2 + 2 − 5)/2⌋ + 1 = 0", "a width of at least 3"),
    ),
    small(
        "too small to pool",
        ops.MaxPool((2, 2), (2, 2)),
        (1, 8, 1),
        ("height 1 is too small", "⌊(1 + 0 − 2)/2⌋ + 1 = 0", "at least 2"),
    ),
    # ⌈(1 − 4)/2⌉ + 1 = 0, but ⌈(3 − 4)/2⌉ + 1 = 1: with edge windows counted 3 columns would do.
    small(
        "too small even where edges count",
        ops.AveragePool((1, 4), (1, 2), edge="count"),
        (1, 1, 1),
        ("width 1 is too small", "⌈(1 + 0 − 4)/2⌉ + 1 = 0", "a width of at least 3"),
    ),
    small("too small", ops.Subsample((5, 5)), (4, 4, 1), ("height 4", "at least 5")),
    shape(
        "groups that do not divide the channels",
        ops.Conv2D(4, (1, 1), groups=2),
        (5, 5, 3),
        says=("3 channels and 4 filters cannot both be cut into 2 groups", "divide both"),
    ),
    shape(
        "groups that do not divide the filters",
        ops.Conv2D(3, (1, 1), groups=2),
        (5, 5, 4),
        says=("4 channels and 3 filters", "2 groups"),
    ),
    setting(
        "no filters",
        "conv2d",
        ("filters must be a whole number from 1 to 1048576, got 0",),
        filters=0,
        size=(1, 1),
    ),
    setting(
        "no groups", "conv2d", ("groups", "from 1", "got -2"), filters=1, size=(1, 1), groups=-2
    ),
    setting(
        "a dilation of 0",
        "conv2d",
        ("dilation must be two whole numbers from 1", "got (0, 1)"),
        filters=1,
        size=(1, 1),
        dilation=(0, 1),
    ),
    setting(
        "bias as a number",
        "conv2d",
        ("bias must be True or False, got 1",),
        filters=1,
        size=(1, 1),
        bias=1,
    ),
    setting(
        "an unknown initialiser",
        "dense",
        ("initializer must be one of he, glorot, lecun, zeros or a number", "got 'kaiming'"),
        units=1,
        initializer="kaiming",
    ),
    setting(
        "an initialiser beyond float32",
        "subsample",
        ("initializer", "a number from -1e6 to 1e6, got 1e+39"),
        initializer=1e39,
    ),
    setting("an initialiser of NaN", "prelu", ("initializer", "got nan"), initializer=float("nan")),
    setting("no words", "embedding", ("vocabulary", "from 1"), vocabulary=0, features=2),
    setting(
        "more words than floats",
        "embedding",
        ("vocabulary", "16777216"),
        vocabulary=2**24 + 1,
        features=2,
    ),
    setting("half a feature", "embedding", ("features", "0.5"), vocabulary=3, features=0.5),
    shape("feature maps", ops.Embedding(3, 2), (2, 3, 1), says=("flat vector", "2×3×1")),
    setting("no truth", "matrix_product", ("transposed", "got 1"), transposed=1),
    shape("one input", ops.MatrixProduct(), (2, 3), says=("2 inputs", "got 1")),
    shape("maps", ops.MatrixProduct(), (2, 3), (2, 3, 1), says=("two sequences", "2×3×1")),
    shape("other rows", ops.MatrixProduct(), (2, 3), (2, 3), says=("2×3 by 2×3", "D = 3")),
    shape(
        "other columns", ops.MatrixProduct(transposed=True), (2, 3), (3, 2), says=("(L, D)", "3×2")
    ),
    setting("half a unit", "gru", ("units must be a whole number", "got 0.5"), units=0.5),
    setting("an initialiser", "lstm", ("initializer must be", "'hee'"), units=2, initializer="hee"),
    shape("a flat vector", ops.GRU(2), (5,), says=("(T, F)", "got 5")),
    shape("another state", ops.GRU(2), (4, 5), (3,), says=("a first state of 2 units", "got 3")),
    shape("three inputs", ops.GRU(2), (4, 5), (2,), (2,), says=("1 input, or 2", "got 3")),
    shape("no cell", ops.LSTM(2), (4, 5), (2,), says=("1 input, or 3", "got 2")),
    shape("another cell", ops.LSTM(2), (4, 5), (2,), (7,), says=("a first cell of 2", "got 7")),
    setting("half a unit", "dense", ("units must be a whole number", "got 0.5"), units=0.5),
    *(
        setting(
            "padding as large as the window",
            kind,
            ("padding must be less than the pooling window of 2×3", "got ((0, 2), (0, 0))"),
            size=(2, 3),
            padding=((0, 2), (0, 0)),
        )
        for kind in ("max_pool", "average_pool", "subsample")
    ),
    setting(
        "an unknown edge", "max_pool", ("edge must be one of count, drop, got 'keep'",), edge="keep"
    ),
    setting(
        "count_padding as a word",
        "average_pool",
        ("count_padding must be True or False, got 'no'",),
        count_padding="no",
    ),
    shape("one input", ops.Add(), (4,), says=("takes at least 2 inputs, got 1",)),
    shape(
        "different shapes",
        ops.Add(),
        (7, 5, 2),
        (7, 5, 3),
        says=("adds inputs of one shape, got 7×5×2 and 7×5×3", "1×1 convolution"),
    ),
    shape("one input", ops.Concatenate(), (4,), says=("takes at least 2 inputs, got 1",)),
    shape(
        "different heights",
        ops.Concatenate(),
        (7, 5, 2),
        (6, 5, 2),
        says=("one height and width, got 7×5×2 and 6×5×2", "same strides and padding"),
    ),
    shape("different ranks", ops.Concatenate(), (7, 5, 2), (70,), says=("7×5×2 and 70",)),
    setting(
        "an even size",
        "local_response_norm",
        ("size must be odd, to be centred on a channel, got 4",),
        size=4,
    ),
    setting("k of 0", "local_response_norm", ("k must be a finite number from 1e-12",), k=0.0),
    setting("alpha below 0", "local_response_norm", ("alpha", "from 0", "got -1"), alpha=-1),
    setting("beta of 101", "local_response_norm", ("beta", "from 0 to 100", "got 101"), beta=101),
    shape(
        "other channels",
        ops.Normalise((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
        (7, 5, 1),
        says=("a mean and a std for 3 channels, got 1 channel",),
    ),
    setting(
        "more means than stds",
        "normalise",
        ("mean and std must be equally many, got 2 and 1",),
        mean=(0.0, 0.0),
        std=(1.0,),
    ),
    setting("no mean", "normalise", ("mean must be a tuple of numbers, got ()",), mean=(), std=()),
    setting(
        "a std of 0",
        "normalise",
        ("each of std must be a finite number from 1e-06 to 1e+06, got 0.0",),
        mean=(1.0,),
        std=(0.0,),
    ),
    shape("one input", ops.Multiply(), (4,), says=("takes 2 inputs, got 1",)),
    shape(
        "other channels",
        ops.Multiply(),
        (7, 5, 2),
        (3,),
        says=("cannot multiply 7×5×2 by 3", "the first's shape, or one value a channel"),
    ),
    shape("a larger second", ops.Multiply(), (1, 1, 2), (7, 5, 2), says=("1×1×2 by 7×5×2",)),
    shape("maps by a flat first", ops.Multiply(), (4,), (2, 2, 4), says=("multiply 4 by 2×2×4",)),
    setting("a low above high", "clip", ("high must be more than low", "low 2"), low=2.0),
    setting("an infinite bound", "clip", ("high", "finite", "got inf"), high=float("inf")),
    setting(
        "padding below 0", "pad", ("padding", "from 0", "got (0, -1)"), padding=((0, -1), (0, 0))
    ),
    setting("padding of one number", "pad", ("padding must be pixels", "got 3"), padding=3),
    setting(
        "a value of NaN", "pad", ("value", "got nan"), padding=((0, 0), (0, 0)), value=float("nan")
    ),
    setting("cropping of one number", "crop", ("cropping must be pixels", "got 1"), cropping=1),
    small(
        "nothing left",
        ops.Crop(((2, 1), (0, 0))),
        (3, 9, 1),
        ("height 3", "leave out 3", "at least 4"),
    ),
    setting(
        "nothing", "channel_slice", ("stop must be more than start", "start 2"), start=2, stop=2
    ),
    setting("a start below 0", "channel_slice", ("start", "from 0", "got -1"), start=-1, stop=2),
    shape(
        "channels that are not there",
        ops.ChannelSlice(1, 4),
        (7, 5, 3),
        says=("takes the channels 1 to 3, got 7×5×3, whose last is 2",),
    ),
    setting(
        "a stride of 0",
        "conv_transpose2d",
        ("stride", "from 1", "got (1, 0)"),
        filters=1,
        size=(2, 2),
        stride=(1, 0),
    ),
    setting("no filters", "conv_transpose2d", ("filters", "from 1"), filters=0, size=(1, 1)),
    setting(
        "bias as a number",
        "conv_transpose2d",
        ("bias", "True or False"),
        filters=1,
        size=(1, 1),
        bias=1,
    ),
    setting(
        "output padding of a whole stride",
        "conv_transpose2d",
        ("output_padding", "less than the stride", "(2, 1)", "(1, 1)"),
        filters=1,
        size=(3, 3),
        stride=(2, 1),
        output_padding=(1, 1),
    ),
    setting(
        "padding as a word",
        "conv_transpose2d",
        ("padding must be pixels", "'same'"),
        filters=1,
        size=(3, 3),
        padding="same",
    ),
    # (2 − 1)·2 + 3 = 5 rows, of which 5 are cut off; 6 of 3.
    small(
        "padding that leaves nothing",
        ops.ConvTranspose2D(1, (3, 3), (2, 2), ((3, 2), (0, 0))),
        (2, 5, 1),
        ("height 2 is too small", "of 5 positions", "cuts off 5", "at least 3"),
    ),
    shape("two inputs", ops.AffineGrid((2, 2)), (6,), (6,), says=("takes 1 input, got 2",)),
    shape("other numbers", ops.AffineGrid((2, 2)), (8,), says=("6 numbers", "got 8", "Dense(6)")),
    shape("feature maps", ops.AffineGrid((2, 2)), (2, 3, 1), says=("flat vector", "2×3×1")),
    setting("a size of one number", "affine_grid", ("size", "two whole numbers", "3"), size=3),
    setting(
        "corners as a word",
        "affine_grid",
        ("align_corners", "True or False", "'no'"),
        size=(2, 2),
        align_corners="no",
    ),
    setting("a scale of 0", "affine_grid", ("scale", "got 0"), size=(2, 2), scale=0),
    setting("relative as a number", "affine_grid", ("relative", "1"), size=(2, 2), relative=1),
    shape("six numbers", ops.ProjectiveGrid((2, 2)), (6,), says=("8 numbers", "got 6", "Dense(8)")),
    shape("no size", ops.ProjectiveGrid((2, 2)), (2, 3, 1), says=("flat vector", "2×3×1")),
    setting("a size below 1", "projective_grid", ("size", "0"), size=(2, 0)),
    shape(
        "two coordinates",
        ops.PerspectiveDivide(),
        (4, 4, 2),
        says=("3 coordinates", "ProjectiveGrid", "4×4×2"),
    ),
    shape("a vector", ops.PerspectiveDivide(), (3,), says=("takes feature maps", "got 3")),
    shape("one input", ops.GridSample(), (4, 4, 1), says=("takes 2 inputs", "got 1")),
    shape("a flat grid", ops.GridSample(), (4, 4, 1), (2,), says=("takes feature maps", "got 2")),
    shape(
        "a grid of three",
        ops.GridSample(),
        (4, 4, 1),
        (5, 3, 3),
        says=("2 numbers a position", "got 5×3×3"),
    ),
    *(
        refused
        for op in (ops.RoIAlign(), ops.RoIPool())
        for refused in (
            shape("one input", op, (4, 4, 1), says=("takes 2 inputs", "boxes, got 1")),
            shape("a flat map", op, (12,), (3, 4), says=("takes feature maps", "12")),
            shape("three numbers", op, (4, 4, 1), (5, 3), says=("at least 4 numbers", "got 5×3")),
            shape("flat boxes", op, (4, 4, 1), (4,), says=("x0, y0, x1, y1", "got 4")),
            setting("a size of one number", op.kind, ("size", "two whole numbers", "7"), size=7),
            setting("no scale", op.kind, ("scale", "got 0"), scale=0),
        )
    ),
    setting("five samples", "roi_align", ("samples", "from 1 to 4, got 5"), samples=5),
    setting("a length alone", "reshape", ("shape", "whole numbers", "got 4"), shape=4),
    setting("five axes", "reshape", ("1 to 4", "got (1, 1, 1, 1, 1)"), shape=(1, 1, 1, 1, 1)),
    setting("two rests", "reshape", ("at most one", "got (-1, -1)"), shape=(-1, -1)),
    setting("a length of -2", "reshape", ("from 1", "got (2, -2)"), shape=(2, -2)),
    shape("another number", ops.Reshape((5, 0)), (3, 4), says=("5×kept of 3×4", "equally many")),
    shape("no rest", ops.Reshape((5, -1)), (3, 4), says=("5×rest of 3×4", "equally many")),
    shape("an axis that is not", ops.Reshape((-1, 0)), (12,), says=("axis 1", "got 12 values")),
    shape("across axes", ops.Reshape((3, 4)), (4, 3), says=("3×4 of 4×3", "flatten")),
    setting("corners as a number", "grid_sample", ("align_corners", "got 1"), align_corners=1),
    setting("a size of 0", "resize", ("size", "from 1", "got (0, 3)"), size=(0, 3)),
    setting("a factor of one number", "resize", ("factor", "two whole numbers", "3"), factor=3),
    setting(
        "a size and a factor",
        "resize",
        ("a size or a factor", "(4, 4)", "(3, 3)"),
        size=(4, 4),
        factor=(3, 3),
    ),
    setting("an unknown method", "resize", ("nearest, bilinear", "'cubic'"), method="cubic"),
    setting("no groups", "channel_shuffle", ("groups", "from 1", "got 0"), groups=0),
    shape(
        "groups that do not divide the channels",
        ops.ChannelShuffle(2),
        (7, 5, 3),
        says=("3 channels cannot be cut into 2 groups",),
    ),
    setting("a rate of 1", "dropout", ("rate", "from 0 to 0.999", "got 1.0"), rate=1.0),
    setting("momentum of 2", "batch_norm", ("momentum", "from 0 to 1", "got 2"), momentum=2),
    setting("epsilon of 0", "batch_norm", ("epsilon", "from 1e-12 to 1", "got 0"), epsilon=0),
    setting("an infinite slope", "leaky_relu", ("slope", "finite", "got inf"), slope=float("inf")),
]
