"""The VPC that examples/complete takes as given: makes it on the emulator and prints Terraform's variables (JSON)."""

import json
import os
import sys

import boto3

ec2 = boto3.client("ec2", region_name=sys.argv[1], endpoint_url=os.environ["AWS_ENDPOINT_URL"])
vpc_id = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
zones = [zone["ZoneName"] for zone in ec2.describe_availability_zones()["AvailabilityZones"][:2]]
subnets = [
    ec2.create_subnet(VpcId=vpc_id, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=zone)["Subnet"]["SubnetId"]
    for number, zone in enumerate(zones)
]
print(json.dumps({"network": {"vpc_id": vpc_id, "subnet_ids": subnets}}))
