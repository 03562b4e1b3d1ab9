"""How circuit breakers are exercised."""
