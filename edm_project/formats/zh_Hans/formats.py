"""Django groups the digits of Chinese numbers by four; marketing teams read them by three."""

NUMBER_GROUPING = 3
