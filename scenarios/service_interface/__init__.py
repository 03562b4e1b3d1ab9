"""The service interface: model, rig, steps, programs."""
