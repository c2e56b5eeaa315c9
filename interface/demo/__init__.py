"""`make demo`: all services, told step by step through the running product."""
