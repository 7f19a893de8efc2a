"""What one chapter alone uses, each under the name of its notebook."""
