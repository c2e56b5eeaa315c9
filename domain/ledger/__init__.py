"""The ledger (账务): accounts, taxes and the rules that turn events into entries."""
