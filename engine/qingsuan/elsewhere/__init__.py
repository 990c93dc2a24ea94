"""Care outside the pool cleared apart (异地就医清算): what pools owe where their people are treated, within the region and beyond it.

In come settled claims of a finished run, a bureau's lists of institutions and pools, its arrangement and the money that moved. Out go
the table of each paying pool and that of each place of treatment, which mirror each other to the fen, what is still to be paid,
advances and their alarms. It knows no rule of benefits: what was paid for a claim is what its settlement says.
"""
