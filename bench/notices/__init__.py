"""How fast payment notices are answered."""
