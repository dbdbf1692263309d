"""Everything `sluice dev` needs to run without an AWS account: an embedded DynamoDB engine and a folder to keep it in.

dev                 `sluice dev`: everything in the order in which it has to start, and back
banner              what it prints once it serves
environment         the variables it runs with, and by which further processes share its store
demo_key            the first key, issued over its own admin API
simulator_process   the Bedrock simulator as a child process
failures            what keeps it from starting
dynoxide            the engine's pinned builds, and where its binary is looked for
install             fetches and verifies that binary: `python -m gateway.local.install`
engine              starts and stops an engine: dynoxide, or moto where dynoxide cannot be had
private_file        writes what holds secrets: whole, for this user alone
startup             waits until a child process listens, keeps its last words, ends it
tether              runs a command that dies with its parent
moto_server         moto's DynamoDB, one request at a time
data_dir            the folder of one local instance, and its lock
orphans             ends an engine whose owner died without ending it
credentials         the first admin key and the pepper, kept in that folder
"""
