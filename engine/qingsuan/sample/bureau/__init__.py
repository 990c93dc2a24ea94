"""What a bureau hands over in a made-up year: small tables, contracts with institutions, the books' entries, and the case file over all.

What comes in is what the people and claims that were made add up to, what goes out are text files; it knows no rule, and no row.
"""
