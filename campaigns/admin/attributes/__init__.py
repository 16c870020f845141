"""Admin pages of attributes: their types, and changes of them for all contacts."""
