from admin_kit import history
from campaigns.admin import contacts, senders, sign_ins, suppressions, tasks, templates, users

__all__ = [
    "contacts",
    "history",
    "senders",
    "sign_ins",
    "suppressions",
    "tasks",
    "templates",
    "users",
]
