"""Log lines and reports of errors, with secrets taken out."""
