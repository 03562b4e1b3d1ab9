"""How shared states are exercised."""
