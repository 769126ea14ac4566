"""A migration made by the dynamic client and followed by watches."""

import sys

import kube
import yaml
from steps import ok, same, true, until

found = kube.dynamic_client()


def resource(document):
    return found.resources.get(api_version=document["apiVersion"], kind=document["kind"])


def ready(document):
    name, namespace = document["metadata"]["name"], document["metadata"]["namespace"]
    conditions = resource(document).get(name=name, namespace=namespace).to_dict().get("status", {}).get("conditions", [])
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


with open(sys.argv[1], encoding="utf-8") as file:
    documents = list(yaml.safe_load_all(file))
for document in documents:
    resource(document).create(body=document, namespace=document["metadata"].get("namespace"))
for document in documents[2:]:
    until(lambda one=document: ready(one), f"{document['kind']} to be Ready")
ok("namespace, secret, provider, maps and plan")

with open(sys.argv[2], encoding="utf-8") as file:
    migration = yaml.safe_load(file)
migrations = resource(migration)
made = migrations.create(body=migration, namespace="by-hand")
phases = []
for event in migrations.watch(
    namespace="by-hand", name="byhand", resource_version=made.metadata.resourceVersion, timeout=60
):
    status = event["raw_object"].get("status", {})
    phases += [vm.get("phase") for vm in status.get("vms", [])]
    conditions = {one["type"]: one["status"] for one in status.get("conditions", [])}
    true(conditions.get("Failed") != "True", f"the migration failed: {status}")
    if conditions.get("Succeeded") == "True":
        break
same(phases[-1], "Completed", f"the last of {phases}")
ok("a migration, followed by a watch to its end")

machines = found.resources.get(api_version="kubevirt.io/v1", kind="VirtualMachine")


def running():
    status = machines.get(name="mtv-tests-rhel8", namespace="by-hand").status
    return status and status.ready and status.printableStatus == "Running"


until(running, "the VM to run")
claims = kube.CORE.list_namespaced_persistent_volume_claim("by-hand").items
same([(one.status.phase, one.spec.storage_class_name) for one in claims], [("Bound", "nfs")], "claims")
same(len(kube.CORE.list_persistent_volume().items), 1, "volumes")
for pod in kube.CORE.list_namespaced_pod("by-hand").items:
    true(pod.status.phase in ("Running", "Succeeded") and pod.status.start_time, pod.metadata.name)
ok("the VM runs on a bound claim")

kube.CORE.delete_namespace("by-hand")
until(lambda: not kube.CORE.list_namespace(field_selector="metadata.name=by-hand").items, "the namespace to go")
until(lambda: not kube.CORE.list_persistent_volume().items, "the volume to go")
same(machines.get(namespace="by-hand").items, [], "VMs")
ok("nothing is left")
