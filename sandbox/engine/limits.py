"""Every number the engine refuses beyond. Source: docs/spec/semantics.md §8 unless said."""

from __future__ import annotations

MIB = 1 << 20

# values (semantics.md §1)
VALUE_NESTING_MAX = 64
DOCUMENT_NESTING_MAX = 16
OBJECT_FIELDS_MAX = 1024
ARRAY_LENGTH_MAX = 8192
FIELD_NAME_LENGTH_MAX = 1024
IDENTIFIER_LENGTH_MAX = 64
DOCUMENT_BYTES_MAX = MIB

# one transaction
DOCUMENTS_READ_MAX = 32_000
BYTES_READ_MAX = 16 * MIB
INTERVALS_READ_MAX = 4_096
DOCUMENTS_WRITTEN_MAX = 16_000
BYTES_WRITTEN_MAX = 16 * MIB
FUNCTIONS_SCHEDULED_MAX = 1_000
SCHEDULED_BYTES_MAX = 16 * MIB
CONFLICT_RETRIES_MAX = 4
PAGE_DOCUMENTS_SOFT_MAX = 6_144  # three quarters of the longest array: a longer page had better be split

FILES_MAX = 1_000  # ours: files stored and taken in by one mutation
FILE_BYTES_MAX = 64 * MIB

# one function call
ARGUMENT_BYTES_MAX = 16 * MIB
RETURN_BYTES_MAX = 16 * MIB
CALL_DEADLINE_MS = 1_000
SYSCALL_DEADLINE_MS = 15_000
SYSCALLS_MAX = 100_000
LOG_LINES_MAX = 256
LOG_LINE_BYTES_MAX = 32_768
QUERY_OPERATORS_MAX = 256
NESTED_CALL_DEPTH_MAX = 8

# one action (semantics.md §8); bytes, fetches and what waits are ours
ACTION_DEADLINE_MS = 30 * 60 * 1000
NODE_ACTION_DEADLINE_MS = 10 * 60 * 1000
ACTION_OPERATIONS_AT_ONCE_MAX = 1_000
ACTION_OPERATION_BYTES_MAX = 64 * MIB  # arguments of all operations that run, of one process
ACTIONS_AT_ONCE_MAX = 64
NODE_ACTIONS_AT_ONCE_MAX = 8  # each has a process of its own
NODE_NESTED_ACTIONS_AT_ONCE_MAX = 4  # at each depth of actions that call one another
NODE_ARGUMENT_BYTES_MAX = 5 * MIB  # semantics.md §8
ACTIONS_WAITING_MAX = 1_000
FETCH_REQUEST_BYTES_MAX = 20 * MIB
FETCH_RESPONSE_BYTES_MAX = 20 * MIB
HTTP_BODY_BYTES_MAX = 20 * MIB

# one stored file; ours: Convex has no limit
STORED_FILE_BYTES_MAX = 20 * MIB

# schema (semantics.md §3)
INDEX_FIELDS_MAX = 16
INDEXES_PER_TABLE_MAX = 64
TABLES_MAX = 10_000

# search (semantics.md §8)
SEARCH_TERMS_MAX = 16
SEARCH_FILTERS_MAX = 8
SEARCH_FILTER_FIELDS_MAX = 16
SEARCH_RESULTS_MAX = 1_024
VECTOR_DIMENSIONS = range(2, 4_097)
VECTOR_RESULTS_MAX = 256
VECTOR_RESULTS_DEFAULT = 10
VECTOR_FILTERS_MAX = 64
TERMS_PER_DOCUMENT_MAX = 16_384  # ours: a document's later terms are not found

# ours: what one deployment may weigh
PROJECT_FILES_MAX = 40
PROJECT_BYTES_MAX = 512 * 1024
CLIENT_JSON_BYTES_MAX = 24 * MIB  # arguments of the largest size, which grow by a third where they are bytes
QUERIES_PER_SESSION_MAX = 4_096
PENDING_MUTATIONS_MAX = 1_000
PENDING_ACTIONS_MAX = 1_000
PENDING_MUTATION_BYTES_MAX = 32 * MIB  # of one socket: what its client may send ahead
UNSENT_BYTES_MAX = 64 * MIB  # of one socket: what waits for a client that does not read
FUNCTIONS_MAX = 1_000
CRON_JOBS_MAX = 1_000
ANALYSIS_BYTES_MAX = 4 * MIB  # validators and schema of a project, as JSON

# the commit log keeps whichever is more
LOG_RETENTION_NS = 600 * 1_000_000_000
LOG_RETENTION_COMMITS = 10_000
LOG_CACHED_BYTES_MAX = MIB
# ours: and of large commits less, so that rewriting one document over and over fills no disk
LOG_BYTES_MAX = 128 * MIB
LOG_COMMITS_KEPT_MIN = 64
REQUEST_BYTES_MAX = 64 * MIB  # results that are remembered for clients which ask again

# ours: what a learner's deployment may keep, and how many may use it at once; `host` has no quota
DEPLOYMENT_DOCUMENT_BYTES_MAX = 1024 * MIB
DEPLOYMENT_FILE_BYTES_MAX = 512 * MIB
DEPLOYMENT_FILES_MAX = 10_000
SOCKETS_PER_DEPLOYMENT_MAX = 2_000

# ours: the store
READERS_PER_STORE_MAX = 4
