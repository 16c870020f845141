"""What people would use instead, each with its best settings in a small Django project of its own.

A package for each: what it is and promises, its settings, and what fills its queue. All of them
send the same message through the same function, `bench.letter.send`, over kept-alive connections.
"""
