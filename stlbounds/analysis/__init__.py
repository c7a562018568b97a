"""What a theorist asks of a bound, one question a file."""
