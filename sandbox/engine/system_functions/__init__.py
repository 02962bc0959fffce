"""Functions of the engine itself under the paths that Convex's dashboard and CLI call: `_system/…`, for admins alone.

Argument and result shapes are those of npm-packages/system-udfs in get-convex/convex-backend; what a tool asks for and
is not here is not found, as on an older backend.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from sandbox.engine.runtime.system_function import SystemFunction
from sandbox.engine.system_functions import crons, documents, project, tables

SYSTEM_FUNCTIONS: Mapping[str, SystemFunction] = MappingProxyType(
    {
        "_system/frontend/addDocument:default": documents.add_documents,
        "_system/frontend/clearTablePage:default": documents.clear_table_page,
        "_system/frontend/deleteDocuments:default": documents.delete_documents,
        "_system/frontend/patchDocumentsFields:default": documents.patch_documents_fields,
        "_system/frontend/replaceDocument:default": documents.replace_document,
        "_system/frontend/getSchemas:default": project.get_schemas,
        "_system/frontend/getTableMapping:default": tables.get_table_mapping,
        "_system/frontend/listCronJobs:default": crons.list_cron_jobs,
        "_system/frontend/listTableScan:default": tables.list_table_scan,
        "_system/cli/convexUrl:cloudUrl": project.cloud_url,
        "_system/cli/convexUrl:siteUrl": project.site_url,
        "_system/cli/modules:apiSpec": project.api_spec,
        "_system/cli/queryEnvironmentVariables:default": project.list_environment,
        "_system/cli/queryEnvironmentVariables:get": project.get_environment_variable,
        "_system/cli/tableData:default": tables.table_data,
        "_system/cli/tables:default": tables.list_tables,
    }
)

__all__ = ["SYSTEM_FUNCTIONS"]
