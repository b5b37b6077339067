"""Bridges: restora's networks and scores in the libraries where people work already."""
