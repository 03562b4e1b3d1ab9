"""Locust's users of each pattern; ``locust -f`` takes each module."""
