"""The products table, whatever its shape: read, searched and changed."""
