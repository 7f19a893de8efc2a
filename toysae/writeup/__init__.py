"""How the write-up is made: the runner that executes notebooks, the book that shows them."""
