"""How recipients, domains and messages are named: one spelling for each."""
