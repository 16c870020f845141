"""Tests of a campaign's variants: a sample gets them, the rest waits for the better one."""
