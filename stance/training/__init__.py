"""Data sets, recipes and one trainer a model. Training imports inference, never the reverse."""
