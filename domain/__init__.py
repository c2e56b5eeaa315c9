"""Facts and rules of a household-services company; no I/O, clock or randomness."""
