"""Command line options and the clients that every check shares."""

import pytest

import known_faults
from support import clients

TARGETS = ("simcloud", "ministack", "moto")


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("conformance")
    group.addoption("--endpoint", required=True, help="base URL of the target, such as http://127.0.0.1:4566")
    group.addoption("--target", required=True, choices=TARGETS, help="whose known faults are expected")
    group.addoption("--region", default="us-east-1", help="region that requests are signed for")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    started_in = config.invocation_params.dir
    whole_suite = all((started_in / argument).resolve() == config.rootpath for argument in config.args)
    known_faults.mark(session, items, known_faults.load(config.getoption("target")), whole_suite=whole_suite)


@pytest.fixture(scope="session")
def aws(request: pytest.FixtureRequest) -> clients.Clients:
    return clients.Clients(request.config.getoption("endpoint"), request.config.getoption("region"))


@pytest.fixture(scope="session")
def region(aws: clients.Clients) -> str:
    return aws.region


@pytest.fixture(scope="session")
def s3(aws: clients.Clients):
    """boto3 as it comes: it adds a CRC32 to every upload and asks for checksums on every download."""
    return aws.client("s3")


@pytest.fixture(scope="session")
def s3_plain(aws: clients.Clients):
    """An S3 client that adds no checksum of its own accord."""
    return aws.client("s3", request_checksum_calculation="when_required", response_checksum_validation="when_required")


@pytest.fixture(scope="session")
def sqs(aws: clients.Clients):
    return aws.client("sqs")


@pytest.fixture(scope="session")
def dynamodb(aws: clients.Clients):
    return aws.client("dynamodb")


@pytest.fixture(scope="session")
def eventbridge(aws: clients.Clients):
    return aws.client("events")
