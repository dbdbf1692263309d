"""Numbered, idempotent, forward-only steps, and what runs them. There is no way down: roll forward, or restore.

m<number>_*   the steps, run in the order of their numbers; a released one is never edited, not even its comments
catalog       finds the steps, and takes their checksums
runner        migrate, check, status
run           who migrates, and what waiting depends on
lock          one runner at a time: a lease with a fence
records       which steps are done
steps         what steps are made of: ensure_table
description   what a table is, and how that differs from what it has to be
errors        why a migration stops

A table is owned by this application, or from outside of it: by a CloudFormation stack, which is recognised by its
tag, or by another tool, Terraform for one, which `sluice migrate --external-tables` says. The latter are only compared,
never altered: a change behind the owner's back is drift, and its next deployment would undo it.

The lock and the records live in the core table, under the partition MIGRATIONS; making that table is itself the first
lock, for DynamoDB lets only one of two creations win.
"""
