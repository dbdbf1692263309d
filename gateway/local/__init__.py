"""Everything `sluice dev` needs to run without an AWS account: an embedded DynamoDB engine and a folder to keep it in.

dynoxide      the engine's pinned builds, and where its binary is looked for
install       fetches and verifies that binary: `python -m gateway.local.install`
engine        starts and stops an engine: dynoxide, or moto where dynoxide cannot be had
startup       waits until an engine's child process listens, and keeps its last words
tether        runs a command that dies with its parent
moto_server   moto's DynamoDB, one request at a time
data_dir      the folder of one local instance, and its lock
orphans       ends an engine whose owner died without ending it
credentials   the first admin key and the pepper, kept in that folder
"""
