"""What every check of a rule set rests on: the names that it declares, and those that it uses."""
