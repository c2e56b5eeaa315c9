"""Dry-cleaning (上门干洗): an order, its two trips and its garments."""
