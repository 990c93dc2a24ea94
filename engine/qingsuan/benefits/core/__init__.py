"""The compiled core's door, and the rules as it reads them."""
