"""Numbers as marketing teams write them: Django has no separator for Chinese, and groups of four."""

NUMBER_GROUPING = 3
THOUSAND_SEPARATOR = ","
