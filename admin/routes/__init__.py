"""The HTTP edge of the control plane: parse, operation, render. `router.create_router` is what the app mounts.

router             the whole router, behind the admin keys
admitted           the class of all routes: it authenticates and authorizes before the body is read
permissions        what every route asks for: the one table
refusals           what is refused goes to the audit trail
dependencies       what a route is given: the control plane, the requester, checked ids
admin_keys, users, members, projects, model_permissions, rate_limits, spend_limits, spend_alerts, service_accounts,
api_keys           OpenAI's endpoints
actor              extension: who am I
unsupported        what OpenAI has and Sluice has not
policies, limits   extensions: a project's policy, and all of its limits at once
models             extension: the models that there are, with prices and capabilities
project_budgets    extension: what a project has used, holds and has left
api_key_changes    extensions: issue, rotate, disable, enable, budget
console            the web console: static files, without a key

Endpoints are functions; each module's `create_router` is the table of their paths, for a class of routes that knows its
control plane. So two applications in one process can have two control planes.
"""
