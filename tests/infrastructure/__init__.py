"""What the files of infrastructure/ compute, without packaging anything."""
