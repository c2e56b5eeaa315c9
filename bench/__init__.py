"""Measurements of the product, side by side with plain inserts and with other libraries."""
