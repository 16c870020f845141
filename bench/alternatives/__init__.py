"""The alternatives, each with its best settings in a small Django project of its own.

A package for each: its description and guarantees, its settings, and the module that fills its
queue. All of them send the same message through the same function, `bench.letter.send`, over
kept-alive connections.
"""
