from campaigns.admin import accounts, contacts, senders, suppressions, tasks, templates

__all__ = ["accounts", "contacts", "senders", "suppressions", "tasks", "templates"]
