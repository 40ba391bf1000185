"""The shell: everything that waits, reads a clock, opens a socket or a file. It gathers, asks `robots`, records, executes."""
