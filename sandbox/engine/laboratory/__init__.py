"""The index laboratory: the same question over 10 to 1,000,000 documents, measured in processes of their own.

A *shelf* (shelf.py) is a folder with one store file a size, built in bulk (bulk.py) and then only read; indexes are
added to it once per field list (indexes.py). A *question* (question.py) is what a learner's function asked its store;
its *lines* are ways to answer it. timing.py measures a line on one file; write_cost.py what indexes cost a write.
worker.py is the process that does this work; workers.py starts it and keeps to two at a time.
"""

from __future__ import annotations

from sandbox.engine.laboratory.bulk import build_file, copy_file
from sandbox.engine.laboratory.indexes import missing as missing_indexes
from sandbox.engine.laboratory.process import Message, Tell, serve
from sandbox.engine.laboratory.question import Line, Question, lines_of, question_of
from sandbox.engine.laboratory.shelf import SIZES, Shelf
from sandbox.engine.laboratory.workers import WORKERS_MAX, Places, run_worker

WORKER = "sandbox.engine.laboratory.worker"

__all__ = [
    "SIZES",
    "WORKER",
    "WORKERS_MAX",
    "Line",
    "Message",
    "Places",
    "Question",
    "Shelf",
    "Tell",
    "build_file",
    "copy_file",
    "lines_of",
    "missing_indexes",
    "question_of",
    "run_worker",
    "serve",
]
