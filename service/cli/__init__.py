"""Commands that look after what the database keeps, a module for each group."""
