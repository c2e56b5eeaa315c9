"""Appliance care (家电维修及保养): cleaning, home care and repair."""
