"""What rules promise to people, theme by theme."""
