"""The errors that Pellucid raises for a user's input.

Each message is one line that says what came, what was expected and how to mend it; the command line
prints it as it is and leaves with exit code 1. ``assert`` is for our own bugs only.
"""


class PellucidError(Exception):
    """Anything that a user can mend; base of all the errors below."""


class ShapeError(PellucidError, ValueError):
    """A layer cannot take the shape that reaches it, or an array has not the shape it must have."""


class TooSmallError(ShapeError):
    """An image or feature map is smaller than a window needs."""


class ArgumentError(PellucidError, ValueError):
    """A setting has a value outside its range, or a name is not one of those known."""


class DataError(PellucidError, ValueError):
    """A picture, a folder or a data file cannot be used."""


class FileFormatError(PellucidError, ValueError):
    """A model or run file is damaged, foreign, or of a version that this program does not know."""


class TrainingDivergedError(PellucidError, ArithmeticError):
    """The loss or a weight became infinite or NaN: nothing more can be learned."""


class NotEnoughMemoryError(DataError, MemoryError):
    """More memory is needed than there is; nothing of it was taken."""


class OutputError(PellucidError, OSError):
    """A result cannot be written; what was there before is untouched."""


class MissingDependencyError(PellucidError, ImportError):
    """An optional package is needed and missing; the message names the command that installs it."""


class NotFittedError(PellucidError, ValueError, AttributeError):
    """A classifier was asked for a prediction before ``fit`` or ``load``."""
