"""The benchmarks: `make bench` (BENCH_ARGS="--help" tells what can be chosen).

All of it is measured in one run on one machine: a local SMTP server, the bare loop as the
yardstick, this project, and the alternatives. One module for each benchmark, and what they share:
`programs` (processes), `crew` (processes of ours that begin together), `databases` (PostgreSQL),
`sink` (the SMTP server), `letter` (the message), `metering` (CPU and memory), `laps` (one measured
run of a sender), `product` (a campaign of this project), `report`.
"""
