"""Watching the system: what `/metrics` and the monitor in admin show.

`snapshot.take` reads everything. No query looks at more of the big tables than is in flight: counts
come from tallies and from what dispatchers count about themselves (`dispatch.engine.figures`).
"""
