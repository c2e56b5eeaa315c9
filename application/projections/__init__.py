"""Read models: each module owns its tables, its handlers and its queries."""
