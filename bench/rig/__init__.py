"""Processes, meters and servers that the benchmarks are run with."""
