"""The cards of the benchmarks, a file for each kind of degradation."""
