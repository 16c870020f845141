"""The import of contacts in the browser: upload, columns, what to do, check, result, history."""
