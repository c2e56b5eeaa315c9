"""Hourly work (小时工): single visits, and plans of visits paid in advance."""
