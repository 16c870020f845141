"""Sessions of staff: their lifetime, second factors and confirmations."""
