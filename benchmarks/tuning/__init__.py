"""Settings of the mapping and the function under loads: computed, and played in virtual time."""
