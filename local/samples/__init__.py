"""The sample changes that `npm start` makes, and where their alerts are received."""
