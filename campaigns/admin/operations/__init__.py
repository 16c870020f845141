"""Admin pages of operations: how far each is, what came of it, its files."""
