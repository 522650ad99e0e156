"""The documentation, run and compared with what there is."""
