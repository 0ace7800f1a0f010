"""REST and what belongs to a server: the same workflows as on the command line, for people and programs elsewhere."""
