"""How connection pools are exercised."""
