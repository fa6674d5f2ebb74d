"""The code of each kind of stage, forward and backward."""
