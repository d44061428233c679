"""One call of the service: its arguments, rate limit, retries, response and pages."""
