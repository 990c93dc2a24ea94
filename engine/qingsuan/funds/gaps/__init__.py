"""Who bears a county's gap (基金缺口分担): targets, plan met, own fault, surplus, ratio, provincial funds, remedies.

In come finished books, a region's rule, a bureau's tables of targets, faults and means. Out goes, county by county, every term of who
bears what. It reads no entry and no run.
"""
