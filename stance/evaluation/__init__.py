"""Scores documents against labelled ones: mergeable counts, intervals over articles, baselines, a report."""
