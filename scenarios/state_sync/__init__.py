"""How state synchronisers are exercised."""
