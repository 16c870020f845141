"""The catalogs in locale/: `extract` finds what they must hold, `python -m tests.translations`
brings them up to date, `literals` finds what product code says past them.
"""
