"""Settlement 4 (医疗机构清算): what each institution is due for the year by its contract, less what it has been paid already.

In come the claims of a finished settlement of benefits, cases where a way of payment goes by cases, and a bureau's contracts,
advances and audits. Out go one row per contract with every term in a column, the cases, the national form by month, and
what cannot be settled beside what could. It knows no rule of benefits: of claims it reads the columns of their table.
"""
