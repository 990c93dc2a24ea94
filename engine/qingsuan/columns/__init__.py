"""Columns of Arrow tables: cells read strictly, ids and codes that can be told apart, rows moved as plain memory."""
