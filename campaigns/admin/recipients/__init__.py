"""Who gets a campaign, in admin: the numbers before a launch, those after it, and their lists."""
