"""The pictures of the README and the documents, drawn from the real templates with the sample changes."""
