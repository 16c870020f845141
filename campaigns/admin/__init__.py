from admin_kit import history
from campaigns.admin import accounts, contacts, senders, sign_ins, suppressions, tasks, templates

__all__ = [
    "accounts",
    "contacts",
    "history",
    "senders",
    "sign_ins",
    "suppressions",
    "tasks",
    "templates",
]
