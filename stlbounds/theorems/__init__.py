"""The theorems: a setting in, a finished derivation out (theory §5)."""
