"""Files that go out with a campaign: taken in, checked, kept, and frozen at its launch."""
