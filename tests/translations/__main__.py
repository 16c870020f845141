"""python -m tests.translations: bring locale/ up to date with the code."""

from __future__ import annotations

import sys

from tests.translations.catalogs import READ_IN, bring_up_to_date


def main() -> int:
    missing = {locale: bring_up_to_date(locale) for locale in READ_IN}
    for locale, texts in missing.items():
        for text in texts:
            print(f"{locale}: not translated: {text}")
    return int(any(missing.values()))


if __name__ == "__main__":
    sys.exit(main())
