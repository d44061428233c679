"""What is sent to the service and what it answers: frozen models, and enums that take unknown values."""
