"""The command line: arguments in, library calls, printing out; one file for each command."""
