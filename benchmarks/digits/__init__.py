"""From nothing to a network that reads handwritten digits: one script for each contender.

Each takes ``EPOCHS SEED OUT FOLDER RATE THREADS``: how often it sees the 60 000 pictures, the seed,
where it saves the model, the folder with the pictures as plain arrays (which it may ignore), the
peak learning rate and the threads. It writes two lines of JSON: one when the model is saved, which
stops the clock, and one with its accuracy on the test set.
"""

ARCHITECTURE, WORKLOAD = "lenet5", "lenet5"
"""LeNet-5 with ReLU and max pooling: the package's own, and that of the workloads."""

RATE, BATCH, SMOOTHING = 0.06, 64, 0.05
"""SGD with Nesterov momentum 0.9 and one cycle of the learning rate; found on pictures held back
from the training part, for the fewest epochs."""
