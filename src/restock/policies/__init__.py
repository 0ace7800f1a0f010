"""What turns a view of one item into a decision. Rules and networks look the same from outside."""
