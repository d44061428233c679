"""One call of the service from end to end: its arguments, its turn, its retries, its response and its pages."""
