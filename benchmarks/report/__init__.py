"""What a run leaves behind: the machine it ran on, and the plot."""
