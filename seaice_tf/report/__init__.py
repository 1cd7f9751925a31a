"""One self-contained HTML page from plain records: tasks fill them, this room draws them."""
