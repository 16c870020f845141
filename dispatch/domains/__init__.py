"""Whether a sending domain is ready: what mailbox providers look up before they take its mail."""
