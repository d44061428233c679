"""The simulator over HTTP: server, signatures, faults."""
