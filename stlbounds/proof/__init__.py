"""The trusted core: quantities, claims, rules, the proof DAG, its verification, and exact worlds."""
