"""boto3 clients that depend on nothing but the endpoint: no profile, no proxy, no retry."""

import os

import boto3
from botocore.config import Config

ACCESS_KEY_ID = "AKIAIOSFODNN7EXAMPLE"
SECRET_ACCESS_KEY = "conformance"


class Clients:
    """Makes clients for one target."""

    def __init__(self, endpoint: str, region: str) -> None:
        self.endpoint = endpoint.rstrip("/")
        self.region = region
        # A developer's own settings must not change what a check sends.
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            del os.environ[name]
        os.environ.update(AWS_CONFIG_FILE=os.devnull, AWS_SHARED_CREDENTIALS_FILE=os.devnull)
        self.session = boto3.session.Session(
            aws_access_key_id=ACCESS_KEY_ID, aws_secret_access_key=SECRET_ACCESS_KEY, region_name=region
        )

    def client(self, service: str, **config):
        """A client that tries once, so that a check sees the first answer, and outlasts the longest long poll."""
        settings = {
            "retries": {"total_max_attempts": 1},
            "connect_timeout": 10,
            "read_timeout": 60,
            "max_pool_connections": 32,
            "proxies": {},
            "s3": {"addressing_style": "path"},
        }
        return self.session.client(service, endpoint_url=self.endpoint, config=Config(**(settings | config)))
