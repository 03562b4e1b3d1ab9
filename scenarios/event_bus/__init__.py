"""How event buses are exercised."""
