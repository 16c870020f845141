"""MJML to HTML, with its Liquid intact."""
