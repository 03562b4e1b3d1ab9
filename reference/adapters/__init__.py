"""The reference, plugged in as anybody else's implementation is."""
