"""The demo: a batch on a local HealthOmics, shown until it is processed."""
