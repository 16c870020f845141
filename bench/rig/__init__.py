"""Processes, meters and servers for the benchmarks."""
