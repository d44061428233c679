"""One request and one response or failure. Only this package imports aiobotocore and botocore.

botocore signs requests, finds credentials and endpoints, and keeps the connections. Everything else that botocore and
aiohttp do on their own is switched off: retries, redirects, the resending of a GET, and host prefixes on a custom
endpoint. The bytes of a response are read before botocore parses them: its parser turns a damaged response into `{}`,
and drops unknown fields.
"""
