"""What all providers with an HTTP API share: connections that know whether a message has left,
what refusals mean, and the checks before it leaves.
"""
