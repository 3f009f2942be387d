"""Reports: what a show came to, read from its log and its orders, with the evidence.

owns    show_report
says    nothing
hears   ShowEnded, OrderPaid
limits  written within 10 s of the end, complete 25 s after it; 3 suggestions, 240 points a curve
"""

from panier.reports.actions import write_due
from panier.reports.reconcile import Finding, reconcile, reconcile_all
from panier.reports.shares import list_hosts_who_sold, list_shows_that_sold

__all__ = [
    "Finding",
    "list_hosts_who_sold",
    "list_shows_that_sold",
    "reconcile",
    "reconcile_all",
    "write_due",
]
