"""The changes and reads of the control plane, without HTTP. Every change goes to the store with its audit event.

admin_keys        make, list, read, delete
users, members    the people of the organization, and of a project
projects          tenants: create, rename, archive, model permissions
policies          what an edit makes of a policy; a project's
limits            what an edit makes of limits; a project's
spend_limits, rate_limits, spend_alerts    a project's limits one by one, in OpenAI's words
service_accounts  callers that are no persons
issued_keys       keys with a new secret: issue, rotate
api_keys          keys as they stand: read, update, disable, enable, delete
usage, usage_export    what was used; usage_reach narrows them to whoever asks
budgets           what a key or a project has used and holds, beside its budgets
audit_logs        the audit trail, in pages
models            what the control plane is told of the catalog
preconditions     the versions that a change insists on
audit_fields      the fields of records as audit events show them
"""
