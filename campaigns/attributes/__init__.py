"""The types of attributes: what a value of each looks like, in files, forms and the database."""
