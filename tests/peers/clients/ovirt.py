"""oVirt's own SDK and the lab's engine, by its providers.json."""

import json
import os

import ovirtsdk4 as sdk
from steps import FOLDER


def entry():
    """The source's entry in providers.json."""
    with open(os.path.join(FOLDER, "providers.json"), encoding="utf-8") as file:
        providers = json.load(file)
    return providers["ovirt-4.4"]


def connect(**changed):
    """A connection, with some arguments otherwise than they should be."""
    source = entry()
    right = {
        "url": source["api_url"],
        "username": source["username"],
        "password": source["password"],
        "ca_file": os.path.join(FOLDER, "ca.pem"),
        "timeout": 60,
    }
    return sdk.Connection(**{**right, **changed})


def by_name(service, name):
    """The objects of exactly this name."""
    return [one for one in service.list(search=f"name={name}") if one.name == name]


def inventory(connection):
    """All that a test could change."""
    system = connection.system_service()
    vms = {one.id: (one.name, one.status, one.memory) for one in system.vms_service().list()}
    templates = {one.id: one.name for one in system.templates_service().list()}
    disks = {one.id: (one.alias, one.provisioned_size) for one in system.disks_service().list()}
    return vms, templates, disks
