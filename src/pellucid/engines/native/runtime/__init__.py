"""What runs compiled code."""
