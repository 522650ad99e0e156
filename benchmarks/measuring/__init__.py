"""How figures come about: contenders that take turns, figures, and the budgets that they are held against."""
