"""Adapters of published libraries, one module each."""
