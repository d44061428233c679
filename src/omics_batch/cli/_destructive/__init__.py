"""Cancel and delete: what will happen, the question, the request, the result."""
