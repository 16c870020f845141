"""Read files of contacts as rows that are understood, in pieces. The database is not used."""
