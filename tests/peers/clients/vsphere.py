"""pyVmomi and the lab's vCenter, by its providers.json."""

import json
import os
import urllib.parse

from pyVim.connect import SmartConnect
from pyVmomi import vim, vmodl
from steps import FOLDER, trust


def entry():
    """The source's entry in providers.json."""
    with open(os.path.join(FOLDER, "providers.json"), encoding="utf-8") as file:
        providers = json.load(file)
    return providers["vsphere-8"]


def connect(**changed):
    """A session, with some arguments otherwise than they should be."""
    source = entry()
    place = urllib.parse.urlsplit(source["api_url"])
    right = {
        "host": place.hostname,
        "port": place.port,
        "user": source["username"],
        "pwd": source["password"],
        "sslContext": trust(),
    }
    return SmartConnect(**{**right, **changed})


def view(content, kind):
    """Every object of a kind."""
    made = content.viewManager.CreateContainerView(content.rootFolder, [kind], True)
    try:
        return list(made.view)
    finally:
        made.Destroy()


def collect(content, kind, objects, paths):
    """Properties of objects of a kind by one call of the collector: a map of values for each object."""
    collector = vmodl.query.PropertyCollector
    wanted = collector.FilterSpec(
        objectSet=[collector.ObjectSpec(obj=one) for one in objects],
        propSet=[collector.PropertySpec(type=kind, pathSet=paths, all=False)],
    )
    answer = content.propertyCollector.RetrieveContents([wanted])
    for one in answer:
        if one.missingSet:
            raise AssertionError(f"{one.obj}: cannot be read: {[missing.path for missing in one.missingSet]}")
    return {one.obj._moId: {prop.name: prop.val for prop in one.propSet} for one in answer}


def inventory(content):
    """All that a test could change: VMs with their power, size, files and snapshots, datastores with their room."""
    paths = ["name", "runtime.powerState", "config.hardware.memoryMB", "config.hardware.numCPU", "config.files.vmPathName"]
    machines = view(content, vim.VirtualMachine)
    told = collect(content, vim.VirtualMachine, machines, paths)
    for one in machines:
        told[one._moId]["snapshots"] = len(one.snapshot.rootSnapshotList) if one.snapshot else 0
        told[one._moId]["disks"] = sum(isinstance(device, vim.vm.device.VirtualDisk) for device in one.config.hardware.device)
    stores = view(content, vim.Datastore)
    told["stores"] = {one.name: one.summary.freeSpace for one in stores}
    return told
