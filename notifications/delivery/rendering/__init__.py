"""What a receiver gets to see of an alert: one view of it, and a module for each kind of receiver."""
