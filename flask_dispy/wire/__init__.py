"""How the state is written: the table of fields, rows, columns, packing."""
