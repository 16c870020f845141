#!/usr/bin/env python
import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import OperationalError

from edm_project.sessions import explanation


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "edm_project.settings")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"{error}")
    except OperationalError as error:
        explained = explanation(error)
        if not explained or "--traceback" in sys.argv:
            raise
        sys.exit(explained)


if __name__ == "__main__":
    main()
