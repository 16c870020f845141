"""What a file says about whether people may be mailed."""
