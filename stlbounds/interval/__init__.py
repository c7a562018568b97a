"""Enclosures of scalar expressions on the ranges of their symbols, and the signs that follow from them."""
