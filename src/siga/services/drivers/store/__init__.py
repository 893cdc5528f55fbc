"""What Drivers keeps: tables and the SQL behind them, one text for SQLite and PostgreSQL."""
