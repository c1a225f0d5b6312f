"""Readers and writers of other people's layouts, each between their files and `Document`."""
