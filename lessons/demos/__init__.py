"""The server side of the demonstrations: real files, real runs, one module for each."""
