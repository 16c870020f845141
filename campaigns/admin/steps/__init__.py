"""A new campaign in steps, which can be left and come back to: views on the form of a campaign, on
its checklist, and on the question before its launch."""
