"""What a year's books are watched by: budgets and their execution, lines of warning, printed statements of this and earlier years.

In come finished books and a bureau's tables. Out go measures with the level that they reach, and every printed sum beside what it
should be. Nothing is corrected: a printed amount stays as it is printed.
"""
