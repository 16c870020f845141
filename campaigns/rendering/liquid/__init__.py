"""Liquid as Shopify has it: dates, numbers, texts and comparisons."""
