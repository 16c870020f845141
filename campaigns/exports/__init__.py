"""Rows as files for spreadsheets: what is chosen, its columns, CSV and XLSX."""
