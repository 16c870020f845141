"""What is wrong with a message before it is sent: each finding with its place and its remedy."""
