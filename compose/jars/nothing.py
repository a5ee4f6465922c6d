"""Spark fetches packages for a program; this is the program."""
