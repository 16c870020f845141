"""PostgreSQL for development and tests: found, started and stopped automatically."""
