"""The assignment: from this repository, one for students with the functions to write left blank."""
