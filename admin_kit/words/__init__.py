"""Times, numbers, lists, states and stored texts, as the reader's language writes them."""
