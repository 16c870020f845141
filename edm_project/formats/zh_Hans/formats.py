"""Numbers as marketing teams write them: Django groups those of Chinese by four, unseparated."""

NUMBER_GROUPING = 3
THOUSAND_SEPARATOR = ","
