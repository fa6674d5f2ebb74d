"""What writes code: the microkernel, and the loops around it."""
