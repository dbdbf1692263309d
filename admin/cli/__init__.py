"""`sluice tenants | keys | usage | …`: the command line that speaks to a running gateway's admin API over HTTP.

app             all of it, for the entry point
commands        how a function becomes a command: options, session, the way it ends
session         options + environment + clock -> what a command works with
connection      which gateway, which credential
client          the admin API: JSON, pages, retries; over `transport`, the one place of HTTP
screen          tables, JSON, ids; notes and questions beside them
listing, names, limits, budgets, reports, columns, …   what commands share
tenants, keys, key_issuing, key_bulk, service_accounts, administrators, models, audit, usage, export   the commands

It starts at once: nothing here imports the gateway's own libraries, and TLS and HTTP only where they are used.
"""
