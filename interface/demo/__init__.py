"""`make demo`: five orders told step by step through the running product."""
