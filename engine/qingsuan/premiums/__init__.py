"""Settlement 2, the people's part: premiums (个人缴费), subsidised enrolment (分类资助参保), shortfalls made up (补缴).

In come insured rows, identities, premiums received and shortfalls of an earlier run, a region's premium rule and a bureau's standards.
Out go one row per person who counts, totals by county, group and bearer, duplicates, and who is not insured any more (漏保, 断保). It knows
no benefit and no subsidy: what it shares with the latter lies in :mod:`qingsuan.heads`.
"""
