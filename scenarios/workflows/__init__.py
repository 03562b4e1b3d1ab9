"""How workflows are exercised."""
