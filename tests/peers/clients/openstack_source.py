"""openstacksdk and the lab's cloud, by its providers.json."""

import json
import os

import openstack
from steps import FOLDER


def entry():
    """The source's entry in providers.json."""
    with open(os.path.join(FOLDER, "providers.json"), encoding="utf-8") as file:
        providers = json.load(file)
    return providers["openstack-17.1"]


def connect(ca="ca.pem", **changed):
    """A connection, with some settings otherwise than they should be."""
    source = entry()
    right = {
        "auth_url": source["api_url"],
        "username": source["username"],
        "password": source["password"],
        "project_name": source["project_name"],
        "user_domain_id": source["user_domain_id"],
        "project_domain_id": source["project_domain_id"],
        "region_name": source["region_name"],
    }
    auth = {name: value for name, value in {**right, **changed}.items() if value is not None}
    return openstack.connect(load_yaml_config=False, load_envvars=False, cacert=os.path.join(FOLDER, ca) if ca else None, **auth)


def everything(cloud):
    """All that a test could change, by name and state."""
    return {
        "servers": sorted((one.name, one.status) for one in cloud.compute.servers()),
        "volumes": sorted((one.name, one.status, one.size, one.volume_type) for one in cloud.block_storage.volumes()),
        "snapshots": sorted(one.name for one in cloud.block_storage.snapshots()),
        "images": sorted((one.name, one.status) for one in cloud.image.images()),
        "ports": sorted(one.mac_address for one in cloud.network.ports()),
    }
