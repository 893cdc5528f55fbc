"""What Users keeps, and the SQL behind it: one text for SQLite and PostgreSQL. Functions take the connection."""
