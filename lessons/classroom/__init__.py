"""Instructors, their class sections, and the people in them.

A class section owns no progress: the table is read from events (`table.py`), so what a learner did before joining
counts, and leaving takes nothing away.
"""
