"""The command line. Knows arguments, printing and exit codes; every command's work is done below."""
