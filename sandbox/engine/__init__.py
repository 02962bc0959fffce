"""The reactive store and its functions, in Python: no Django, no sockets. This is the public face; use nothing else."""

from sandbox.engine import laboratory, limits
from sandbox.engine.clock import Clock, FixedClock, SystemClock
from sandbox.engine.deployment import DUE_FILE, Deployment
from sandbox.engine.errors import (
    DeployError,
    EngineError,
    LearnerError,
    LimitExceeded,
    Problem,
    ProtocolError,
    RunnerRefused,
    StoreUnavailable,
)
from sandbox.engine.live_code import DeployResult
from sandbox.engine.runtime.actions.http_exchange import HttpActionRequest, HttpActionResponse
from sandbox.engine.runtime.bundle import Bundle, bundle_config, bundle_project
from sandbox.engine.runtime.environment import check_variable_name
from sandbox.engine.runtime.executor import Identity, Outcome, RequestMetadata
from sandbox.engine.runtime.fetching import (
    Charge,
    Fetcher,
    FetchPolicy,
    FetchRequest,
    FetchResponse,
    Mail,
    PracticeCall,
    PracticeService,
)
from sandbox.engine.runtime.function_paths import bare_path, path_problem
from sandbox.engine.runtime.hardening import HardeningReport, probe
from sandbox.engine.runtime.host import FunctionInfo, close_pools
from sandbox.engine.runtime.stepping import AttemptBegan, AttemptLost, Step, StepDone, StepEvent, Stepper, StepReached
from sandbox.engine.runtime.storage_calls import check_digest, file_too_large
from sandbox.engine.runtime.toolchain import Toolchain
from sandbox.engine.runtime.type_check import check_types
from sandbox.engine.schema_rehearsal import FieldFault, Rehearsal, RehearsedTable, rehearse_schema
from sandbox.engine.scratch import scratch_folder, sweep_scratch
from sandbox.engine.store import (
    Comparison,
    Quota,
    StoredFile,
    TableInfo,
    TablePage,
    TableWindow,
    Timestamp,
    WindowAsk,
)
from sandbox.engine.sync.answers import http_answer, http_failure, is_retriable
from sandbox.engine.sync.callers import Caller, accept_admin_key, without_type_prefix
from sandbox.engine.sync.protocol import decode_ts, encode_ts
from sandbox.engine.sync.session import SyncSession
from sandbox.engine.sync.watch import Emission, Watch
from sandbox.engine.tables import Column, TableEditor, cell_text, columns_of, parse_cell
from sandbox.engine.trace import (
    BackfillNote,
    Cause,
    CommitNote,
    ConflictNote,
    DeployNote,
    FunctionKind,
    PracticeNote,
    ReadNote,
    RunNote,
    TraceNote,
    WriteNote,
)
from sandbox.engine.values import UNDEFINED, ValueFormat, decode, encode, parse_client_json, parse_format

__all__ = [
    "DUE_FILE",
    "UNDEFINED",
    "AttemptBegan",
    "AttemptLost",
    "BackfillNote",
    "Bundle",
    "Caller",
    "Cause",
    "Charge",
    "Clock",
    "Column",
    "CommitNote",
    "Comparison",
    "ConflictNote",
    "DeployError",
    "DeployNote",
    "DeployResult",
    "Deployment",
    "Emission",
    "EngineError",
    "FetchPolicy",
    "FetchRequest",
    "FetchResponse",
    "Fetcher",
    "FieldFault",
    "FixedClock",
    "FunctionInfo",
    "FunctionKind",
    "HardeningReport",
    "HttpActionRequest",
    "HttpActionResponse",
    "Identity",
    "LearnerError",
    "LimitExceeded",
    "Mail",
    "Outcome",
    "PracticeCall",
    "PracticeNote",
    "PracticeService",
    "Problem",
    "ProtocolError",
    "Quota",
    "ReadNote",
    "Rehearsal",
    "RehearsedTable",
    "RequestMetadata",
    "RunNote",
    "RunnerRefused",
    "Step",
    "StepDone",
    "StepEvent",
    "StepReached",
    "Stepper",
    "StoreUnavailable",
    "StoredFile",
    "SyncSession",
    "SystemClock",
    "TableEditor",
    "TableInfo",
    "TablePage",
    "TableWindow",
    "Timestamp",
    "Toolchain",
    "TraceNote",
    "ValueFormat",
    "Watch",
    "WindowAsk",
    "WriteNote",
    "accept_admin_key",
    "bare_path",
    "bundle_config",
    "bundle_project",
    "cell_text",
    "check_digest",
    "check_types",
    "check_variable_name",
    "close_pools",
    "columns_of",
    "decode",
    "decode_ts",
    "encode",
    "encode_ts",
    "file_too_large",
    "http_answer",
    "http_failure",
    "is_retriable",
    "laboratory",
    "limits",
    "parse_cell",
    "parse_client_json",
    "parse_format",
    "path_problem",
    "probe",
    "rehearse_schema",
    "scratch_folder",
    "sweep_scratch",
    "without_type_prefix",
]
