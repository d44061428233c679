"""One request and one response or failure. Only this package imports aiobotocore and botocore.

botocore signs, finds credentials and endpoints, and keeps the connections. Everything else that it or
aiohttp would do by themselves is switched off: retries, redirects, the resending of a GET, host prefixes
on an endpoint of the caller's own. The answer's bytes are taken before botocore parses them, since its
parser makes `{}` of a damaged answer and drops fields it does not know.
"""
