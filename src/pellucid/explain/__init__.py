"""What a network did, and why: the lecture on its own numbers first."""
