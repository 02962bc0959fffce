"""The reactive store and its functions, in Python: no Django, no sockets."""
