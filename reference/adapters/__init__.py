"""The reference, plugged in the same way as anybody else's implementation."""
