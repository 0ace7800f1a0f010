"""The command line: one file per group of commands, which parse, call a workflow and hand its record to `main`."""
