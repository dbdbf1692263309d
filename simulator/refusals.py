"""What the simulator refuses with: Bedrock's exception names, their statuses and the form of an error body."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

BEDROCK = "com.amazon.bedrock"
CORAL_SERVICE = "com.amazon.coral.service"

# Statuses of botocore's service model (bedrock-runtime 2023-09-30) and, for the auth faults, of recorded answers.
STATUS_BY_EXCEPTION: Mapping[str, int] = MappingProxyType(
    {
        "ValidationException": 400,
        "ServiceQuotaExceededException": 400,
        "ConflictException": 400,
        "SerializationException": 400,
        "AccessDeniedException": 403,
        "ExpiredTokenException": 403,
        "IncompleteSignatureException": 403,
        "InvalidSignatureException": 403,
        "MissingAuthenticationTokenException": 403,
        "UnrecognizedClientException": 403,
        "ResourceNotFoundException": 404,
        "ModelTimeoutException": 408,
        "ModelErrorException": 424,
        "ModelStreamErrorException": 424,
        "ThrottlingException": 429,
        "ModelNotReadyException": 429,
        "InternalServerException": 500,
        "ServiceUnavailableException": 503,
    }
)

UNKNOWN_OPERATION_BODY = b'{"Output":{"__type":"com.amazon.coral.service#UnknownOperationException"},"Version":"1.0"}'


@dataclass(frozen=True, slots=True)
class Refusal:
    """One error answer. `source` is the Coral namespace that names itself in `x-amzn-errortype`."""

    exception: str
    message: str
    source: str = BEDROCK

    @property
    def status(self) -> int:
        """The HTTP status of the exception; 500 for a name the service model does not have."""
        return STATUS_BY_EXCEPTION.get(self.exception, 500)

    @property
    def errortype(self) -> str:
        """The value of `x-amzn-errortype`, in the form of the recorded answers."""
        return f"{self.exception}:http://internal.amazon.com/coral/{self.source}/"

    def to_body(self) -> dict[str, str]:
        """The JSON body. IAM and bearer denials spell the key `Message`, every other recorded refusal `message`."""
        denied_by_iam = self.exception == "AccessDeniedException" and self.source == CORAL_SERVICE
        return {"Message" if denied_by_iam else "message": self.message}


class Refused(Exception):
    """Raised wherever a request is found wanting before its answer has begun."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(f"{refusal.exception}: {refusal.message}")
        self.refusal = refusal


def validation(message: str) -> Refused:
    """A ValidationException with Bedrock's own text."""
    return Refused(Refusal("ValidationException", message))
