"""The local HealthOmics over HTTP: its server, signatures, and how faults are sent."""
