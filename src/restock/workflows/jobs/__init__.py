"""Long work that somebody asked for and somebody else carries out: kept in the state, done by a worker."""
