"""What keeps a local instance from starting, with messages made for the person who started it."""

from awswire.credentials import CredentialsUnavailable
from awswire.dynamodb import DynamoDbError
from awswire.endpoints import EndpointUnknown
from gateway.local.credentials import CredentialsUnreadable
from gateway.local.data_dir import DataDirInUse, DataDirUnusable
from gateway.local.demo_key import FirstKeyNotIssued
from gateway.local.dev import ReadyFileUnwritable
from gateway.local.dynoxide import BinaryUnusable
from gateway.local.startup import ChildNotStarted
from gateway.serving import AddressTaken
from gateway.settings import SettingsError
from migrations.errors import MigrationError

LOCAL_FAILURES = (
    AddressTaken,
    BinaryUnusable,
    ChildNotStarted,
    CredentialsUnavailable,
    CredentialsUnreadable,
    DataDirInUse,
    DataDirUnusable,
    DynamoDbError,
    EndpointUnknown,
    FirstKeyNotIssued,
    MigrationError,
    ReadyFileUnwritable,
    SettingsError,
)
