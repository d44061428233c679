"""The demo: a cohort on a local HealthOmics, in front of a view."""
