"""Things in AWS, and the project's folder that keeps them."""
