"""How an owner looks on public pages."""
