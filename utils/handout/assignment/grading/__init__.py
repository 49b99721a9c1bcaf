"""The tests behind grade.py: nothing in here needs to be read or changed to do the assignment."""
