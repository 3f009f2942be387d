"""Reports: what a show came to, read from its log and its orders, with the evidence.

owns    show_report
says    nothing
hears   ShowEnded, OrderPaid
limits  a report is written within 10 s of the end; 3 suggestions, 240 points a curve
"""
