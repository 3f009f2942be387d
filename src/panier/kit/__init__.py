"""The tool box: no word of live shopping in here; every folder above may use it."""
