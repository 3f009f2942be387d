"""Creators: the share of a sale that goes to whoever presented it.

owns    creator_plan
says    nothing yet
hears   nothing
limits  none yet
"""
