"""Log lines and error reports, with secrets redacted."""
