"""AWS, and the local AWS in its place."""
