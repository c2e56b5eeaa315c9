"""Everything people and machines talk to: API, callbacks, command line."""
