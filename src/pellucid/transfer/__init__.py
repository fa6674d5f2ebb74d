"""Trained bodies: what they see in pictures, kept, and what is learned from that in seconds."""
