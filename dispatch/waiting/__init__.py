"""Why a campaign or a message waits, and when it will be done: asked of what grants go by."""
