"""What can be said of demand before it comes."""
