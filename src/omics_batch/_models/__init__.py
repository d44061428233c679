"""The service's requests and responses as frozen models, and enums that accept unknown values."""
