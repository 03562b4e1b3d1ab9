"""A stand-in for the scenarios of the kit."""
