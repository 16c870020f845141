"""Names of files as recipients get them."""

from __future__ import annotations

import unicodedata

from django.utils.translation import gettext

from campaigns.models.attached import NAME_LENGTH

NO_FILE_SYSTEM_TAKES = frozenset('<>:"/\\|?*')
SHOWN = frozenset("\u200d")  # joins letters and emoji, and hides nothing


class Refused(Exception):
    """A file is not taken; the message says why and what to do."""


def clean(name: str) -> str:
    """Without the folder that some browsers tell, and in composed letters. Raises Refused for what
    is not shown as it is, or not kept by the recipient's machine.
    """
    name = unicodedata.normalize("NFC", name.replace("\\", "/").rpartition("/")[2])
    name = name.strip().rstrip(". ")
    if not name or name.startswith("."):
        raise Refused(gettext("The file has no name. Give it one, such as “programme.pdf”."))
    if any(unicodedata.category(one)[0] == "C" and one not in SHOWN for one in name):
        raise Refused(
            gettext(
                "The file's name has characters that are not seen, with which a name can be made "
                "to look like another one. Rename the file."
            )
        )
    if taken := sorted(NO_FILE_SYSTEM_TAKES & {*name}):
        raise Refused(
            gettext("The file's name has a %(character)s, which many systems do not take.")
            % {"character": taken[0]}
        )
    if len(name) > NAME_LENGTH:
        raise Refused(
            gettext("The file's name has more than %(most)s characters. Rename the file.")
            % {"most": NAME_LENGTH}
        )
    return name


def extension(name: str) -> str:
    """In lower case, "" without one. Wide letters count as the usual ones."""
    stem, dot, end = unicodedata.normalize("NFKC", name).rstrip(". ").rpartition(".")
    return end.strip().lower() if dot and stem else ""
