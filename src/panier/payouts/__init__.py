"""Payouts: what sellers and creators are owed, when it is theirs, and how it reaches them.

owns    payout_run, payout
says    nothing yet
hears   nothing
limits  none yet
"""
