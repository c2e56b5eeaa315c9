"""Service orders: what the five lines share, and each line's own details."""
