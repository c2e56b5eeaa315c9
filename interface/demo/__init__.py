"""`make demo`: ten orders told step by step through the running product."""
