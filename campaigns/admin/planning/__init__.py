"""What staff enter of a campaign: its form, its rows of templates, its time, and what is written
for it."""
