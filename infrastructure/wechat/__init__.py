"""Adapters of WeChat Pay and the Official Account."""
