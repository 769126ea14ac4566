"""The dynamic client: discovery, and every verb on a built-in and a custom kind."""

import kube
from kubernetes.client.exceptions import ApiException
from kubernetes.dynamic.exceptions import ConflictError, NotFoundError, ResourceNotFoundError
from steps import ok, refused, same, true

found = kube.dynamic_client()
plans = found.resources.get(api_version="forklift.konveyor.io/v1beta1", kind="Plan")
same((plans.name, plans.namespaced, plans.singular_name), ("plans", True, "plan"), "Plan")
same(found.resources.get(kind="VirtualMachine").group_version, "kubevirt.io/v1", "VirtualMachine")
with refused(ResourceNotFoundError, "an unknown kind"):
    found.resources.get(kind="Nothing")
true(found.version["kubernetes"]["gitVersion"].startswith("v1."), "the version is told")
ok("discovery")

notes = found.resources.get(api_version="v1", kind="ConfigMap")
body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "notes"}, "data": {"a": "1"}}
made = notes.create(body=body, namespace="default")
true(made.metadata.uid, "an object that was made has a uid")
with refused(ConflictError, "the same name twice", status=409, reason="Conflict"):
    notes.create(body=body, namespace="default")
with refused(NotFoundError, "an absent object", status=404):
    notes.get(name="absent", namespace="default")
ok("create, 409, 404")

merged = notes.patch(
    name="notes",
    namespace="default",
    body={"data": {"a": None, "b": "2"}},
    content_type="application/merge-patch+json",
)
same(merged.data.to_dict(), {"b": "2"}, "a merge patch")
applied = notes.server_side_apply(
    name="notes", namespace="default", body={**body, "data": {"c": "3"}}, field_manager="script"
)
same(applied.data.to_dict(), {"b": "2", "c": "3"}, "an apply")
true("script" in [entry.manager for entry in applied.metadata.managedFields], "the manager owns its fields")
with refused(ConflictError, "a field of another manager", status=409):
    notes.server_side_apply(
        name="notes", namespace="default", body={**body, "data": {"c": "4"}}, field_manager="another"
    )
forced = notes.server_side_apply(
    name="notes",
    namespace="default",
    body={**body, "data": {"c": "4"}},
    field_manager="another",
    force_conflicts=True,
)
same(forced.data.c, "4", "a forced apply")
ok("merge patch, server-side apply, conflict, force")

stale = forced.to_dict()
fresh = {**stale, "data": {"d": "5"}}
replaced = notes.replace(body=fresh, namespace="default")
same(replaced.data.to_dict(), {"d": "5"}, "a replace")
with refused(ConflictError, "an old version", status=409):
    notes.replace(body=stale, namespace="default")
ok("replace, and 409 for an old version")

events = []
for event in notes.watch(namespace="default", name="notes", resource_version=forced.metadata.resourceVersion, timeout=20):
    events.append((event["type"], event["object"].data.to_dict()))
    if event["type"] == "MODIFIED":
        notes.delete(name="notes", namespace="default")
    if event["type"] == "DELETED":
        break
same([kind for kind, _ in events], ["MODIFIED", "DELETED"], "a watch goes on from a version")
same(events[0][1], {"d": "5"}, "what the watch tells")
with refused(NotFoundError, "a deleted object", status=404):
    notes.get(name="notes", namespace="default")
ok("watch from a version on, delete")

names = [f"many-{number:02}" for number in range(25)]
for name in names:
    notes.create(body={**body, "metadata": {"name": name, "labels": {"part": name[-1]}}}, namespace="default")
listed, token, pages = [], None, 0
while True:
    page = notes.get(namespace="default", limit=10, _continue=token)
    listed += [item.metadata.name for item in page.items]
    pages += 1
    token = page.metadata["continue"]
    if not token:
        break
    same(page.metadata.remainingItemCount, 25 - 10 * pages, "what is left")
same((pages, listed), (3, names), "pages")
chosen = notes.get(namespace="default", label_selector="part in (3)", field_selector="metadata.name!=many-13")
same([item.metadata.name for item in chosen.items], ["many-03", "many-23"], "selectors")
with refused(ApiException, "a wrong continue token", status=400):
    kube.CORE.list_namespaced_config_map("default", limit=1, _continue="wrong")
notes.delete(namespace="default", label_selector="part")
same(notes.get(namespace="default").items, [], "a collection that was deleted")
ok("pages, selectors, deletion of a collection")

with refused(ApiException, "an object without its kind's schema", status=422):
    definitions = found.resources.get(kind="CustomResourceDefinition")
    definitions.create(
        body={
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": "boats.example.org"},
            "spec": {
                "group": "example.org",
                "scope": "Namespaced",
                "names": {"plural": "boats", "kind": "Boat"},
                "versions": [{"name": "v1", "served": True, "storage": True}],
            },
        }
    )
status = found.resources.get(api_version="v1", kind="Namespace").get(name="default").status
same(status.phase, "Active", "a namespace's status")
ok("definitions are checked, status is told")
