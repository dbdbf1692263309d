"""The control plane: OpenAI's Admin API (`/v1/organization/*`) over the directory of tenants, and marked extensions.

auth           the bootstrap admin key, of the settings
sign_in        who asks: admin keys, and people with a token
oidc           what a token says of a person; oidc_tokens checks its signature, oidc_keys fetches the issuer's keys
authorization  whether the role allows it
control_plane  what everything here works with, as one value: stores, peppers, clock, randomness
identifiers    the shapes of ids in paths
refused_attempts    the audit entries of what was refused, at a bounded rate
operations/    the changes and reads themselves, without HTTP; every change with its audit event
schemas/       request and response bodies in OpenAI's shapes
console/       the web console: JavaScript modules, styles, the page
routes/        HTTP: parse, operation, render; `create_router` is what the app mounts
"""
