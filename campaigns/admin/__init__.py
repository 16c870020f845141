from campaigns.admin import accounts, contacts, history, senders, suppressions, tasks, templates

__all__ = ["accounts", "contacts", "history", "senders", "suppressions", "tasks", "templates"]
