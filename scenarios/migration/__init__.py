"""Migration: models, rigs, steps, programs."""
