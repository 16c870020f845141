"""Tell staff what happened while they were away, by mail or webhook, each occurrence once."""
