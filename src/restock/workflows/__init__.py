"""The use cases: the command line, Python and later the service call the same functions, each returns a record."""
