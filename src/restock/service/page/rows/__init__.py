"""What the views show, as plain rows: the numbers of REST and command line, with the words of one language."""
