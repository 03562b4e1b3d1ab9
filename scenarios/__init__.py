"""How each pattern is exercised: steps, model, machine and interleavings."""
