"""Actions: functions that may do outside effects and are no transactions. They run in a process of their own.

process.py speaks to the process, host.py keeps one at hand, node_host.py has one for every "use node" action,
operations.py answers what a running action asks, actions.py runs one whole and answers requests to http.ts.
"""
