"""The reference implementation of each pattern, one stem per pattern."""
