"""From nothing to a network that reads handwritten digits: one script for each contender.

Each takes ``EPOCHS SEED OUT FOLDER RATE THREADS``: how often it sees the 60 000 pictures, the seed,
where it saves the model, the folder with the pictures as plain arrays (which it may ignore), the
peak learning rate and the threads. It writes two lines of JSON: one when the model is saved, which
stops the clock, and one with its accuracy on the test set.
"""
