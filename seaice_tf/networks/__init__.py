"""What the networks of two or more systems are made of."""
