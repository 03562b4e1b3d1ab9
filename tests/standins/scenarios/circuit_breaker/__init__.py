"""A stand-in for the scenarios of a pattern."""
