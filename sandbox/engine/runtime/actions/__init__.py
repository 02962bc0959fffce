"""Actions: functions that may do outside effects and are no transactions. They run in a process of their own.

process.py speaks to the process, host.py keeps one at hand, operations.py answers what a running action asks,
actions.py runs one whole and http_actions.py answers requests to http.ts.
"""
