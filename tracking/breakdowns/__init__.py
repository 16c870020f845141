"""What became of a campaign by mailbox provider, service, variant and time.

Tallies say how many, not of whom: for these every message of the campaign is looked at. A small
campaign is counted while its page is made, a big one by the cluster, which keeps the result.
"""
