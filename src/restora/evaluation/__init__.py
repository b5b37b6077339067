"""Measuring like the papers: a method over a benchmark, by a named protocol, beside the published numbers."""
