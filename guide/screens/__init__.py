"""What each screen of the admin is for, in a sentence, and the document about it."""
