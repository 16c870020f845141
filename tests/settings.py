"""The settings of the tests, and of the programs that they start: as on a development machine, also
where .env is that of production.
"""

import os

os.environ.setdefault("DEBUG", "True")

from edm_project.settings import *  # noqa: E402, F403  (they read the environment)

# All tests ask from one address, and many are refused on purpose.
BAD_REQUESTS_PER_MINUTE = 0
