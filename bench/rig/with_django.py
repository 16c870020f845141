"""`python -m bench.rig.with_django MODULE ARGUMENT…`: run a module with Django set up by the
environment, so that it imports models like any other.
"""

from __future__ import annotations

import runpy
import sys

import django

if __name__ == "__main__":
    django.setup()
    sys.argv.pop(0)
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
