"""How resource managers are exercised."""
