"""What is sent and answered: the fields, their meaning and an example each; a file for each file of routes."""
