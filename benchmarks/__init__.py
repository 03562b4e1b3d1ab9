"""The reference and the kit, side by side with peers."""
