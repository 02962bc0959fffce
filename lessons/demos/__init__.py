"""The server side of the demonstrations: one module each, addressed below /w/<id>/demos/<name>/."""
