"""What people decided and what is under way: SQLite in the project's folder, or PostgreSQL."""
