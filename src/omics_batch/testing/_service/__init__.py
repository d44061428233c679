"""The state of the local HealthOmics, and what it answers. No I/O."""
