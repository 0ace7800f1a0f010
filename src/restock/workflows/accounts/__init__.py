"""People and programs that may call: users, passwords, sign-ins, keys."""
