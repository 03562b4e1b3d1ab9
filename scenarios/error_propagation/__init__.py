"""How error propagation is exercised."""
