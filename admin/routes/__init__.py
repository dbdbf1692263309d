"""The HTTP edge of the control plane: parse, operation, render. `router.create_router` is what the app mounts.

router             the whole router, behind the admin keys
dependencies       what a route is given: the control plane, the caller, checked ids
projects, model_permissions, service_accounts, api_keys    OpenAI's endpoints
api_key_changes    extensions: issue, rotate, disable, enable, budget
"""
