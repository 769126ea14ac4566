"""Typed models, which refuse objects without what they require: every kind of the lab that has one."""

import kube
from kubernetes import client, watch
from kubernetes.client.exceptions import ApiException
from steps import ok, refused, same, true

core, apps, storage = kube.CORE, client.AppsV1Api(kube.API), client.StorageV1Api(kube.API)

nodes = core.list_node().items
same([node.metadata.name for node in nodes], ["worker-0", "worker-1", "worker-2"], "nodes")
for node in nodes:
    ready = [condition for condition in node.status.conditions if condition.type == "Ready"]
    true(ready and ready[0].status == "True" and ready[0].last_heartbeat_time, "a node is Ready since a time")
    true(node.status.node_info.kubelet_version, "a node has a version")
ok("nodes")

leases = client.CoordinationV1Api(kube.API).list_namespaced_lease("kube-node-lease").items
same([lease.spec.holder_identity for lease in leases], [node.metadata.name for node in nodes], "leases")
ok("leases")

pods = core.list_namespaced_pod("openshift-mtv").items
true(len(pods) == 6, f"six pods, not {len(pods)}")
for pod in pods:
    same((pod.status.phase, pod.status.container_statuses[0].ready), ("Running", True), pod.metadata.name)
    true(pod.status.container_statuses[0].state.running.started_at, "a container runs since a time")
ok("pods")

deployments = apps.list_namespaced_deployment("openshift-mtv").items
same(sorted({one.status.available_replicas for one in deployments}), [1], "replicas")
scale = apps.read_namespaced_deployment_scale("forklift-api", "openshift-mtv")
same((scale.spec.replicas, scale.status.replicas), (1, 1), "a scale")
ok("deployments and their scale")

classes = {one.metadata.name: one for one in storage.list_storage_class().items}
same(classes["nfs"].provisioner, "nfs.csi.k8s.io", "a class")
claims = core.list_persistent_volume_claim_for_all_namespaces().items
same({one.metadata.namespace for one in claims}, {"openshift-virtualization-os-images"}, "claims")
claim = client.V1PersistentVolumeClaim(
    metadata=client.V1ObjectMeta(name="c"),
    spec=client.V1PersistentVolumeClaimSpec(
        access_modes=["ReadWriteOnce"],
        storage_class_name="nfs",
        resources=client.V1VolumeResourceRequirements(requests={"storage": "1Gi"}),
    ),
)
made = core.create_namespaced_persistent_volume_claim("default", claim)
same((made.spec.volume_mode, made.status.phase), ("Filesystem", "Pending"), "a claim")
core.delete_namespaced_persistent_volume_claim("c", "default")
ok("classes and claims")

definitions = client.ApiextensionsV1Api(kube.API).list_custom_resource_definition().items
names = [one.metadata.name for one in definitions]
true({"plans.forklift.konveyor.io", "virtualmachines.kubevirt.io"} <= set(names), f"definitions: {names}")
for one in definitions:
    established = [condition.status for condition in one.status.conditions if condition.type == "Established"]
    same(established, ["True"], one.metadata.name)
ok("definitions")

events = core.list_namespaced_event("openshift-mtv").items
true(any(one.involved_object.kind == "Provider" and one.reason == "Validated" for one in events), "events")
# The model of the newer group demands a time that recorders of the core group leave out, on a real server, too.
newer = kube.dynamic_client().resources.get(api_version="events.k8s.io/v1", kind="Event").get(namespace="openshift-mtv")
names = sorted(one.metadata.name for one in newer.items)
same(names, sorted(one.metadata.name for one in events), "both groups of events")
same({one.regarding.kind for one in newer.items}, {"Provider"}, "what events are about")
ok("events")

for call in [
    core.list_namespace,
    core.list_service_for_all_namespaces,
    core.list_service_account_for_all_namespaces,
    core.list_secret_for_all_namespaces,
    core.list_config_map_for_all_namespaces,
    core.list_persistent_volume,
    client.BatchV1Api(kube.API).list_job_for_all_namespaces,
    client.RbacAuthorizationV1Api(kube.API).list_cluster_role,
    client.RbacAuthorizationV1Api(kube.API).list_role_binding_for_all_namespaces,
]:
    call()
ok("other typed lists")

start = core.list_namespace().metadata.resource_version
core.create_namespace(client.V1Namespace(metadata=client.V1ObjectMeta(name="seen")))
kinds = []
stream = watch.Watch()
for event in stream.stream(core.list_namespace, resource_version=start, timeout_seconds=30):
    same(event["object"].metadata.name, "seen", "the namespace of an event")
    kinds.append(event["type"])
    if kinds == ["ADDED"]:
        core.delete_namespace("seen")
    if event["type"] == "DELETED":
        break
true(kinds[0] == "ADDED" and kinds[-1] == "DELETED", f"a watch of namespaces: {kinds}")
true(int(stream.resource_version) > int(start), "a watch remembers where it is")
ok("a typed watch of namespaces")

access = client.AuthorizationV1Api(kube.API)


def may(verb, user=None, resource="pods", namespace="default"):
    attributes = client.V1ResourceAttributes(verb=verb, resource=resource, namespace=namespace)
    if user is None:
        spec = client.V1SelfSubjectAccessReviewSpec(resource_attributes=attributes)
        body = client.V1SelfSubjectAccessReview(spec=spec)
        return access.create_self_subject_access_review(body).status.allowed
    spec = client.V1SubjectAccessReviewSpec(resource_attributes=attributes, user=user)
    return access.create_subject_access_review(client.V1SubjectAccessReview(spec=spec)).status.allowed


same((may("delete"), may("list", "system:serviceaccount:default:bot")), (True, False), "rights")
rbac = client.RbacAuthorizationV1Api(kube.API)
core.create_namespaced_service_account("default", client.V1ServiceAccount(metadata=client.V1ObjectMeta(name="bot")))
role = client.V1Role(
    metadata=client.V1ObjectMeta(name="reader"),
    rules=[client.V1PolicyRule(api_groups=[""], resources=["pods"], verbs=["list"])],
)
rbac.create_namespaced_role("default", role)
binding = client.V1RoleBinding(
    metadata=client.V1ObjectMeta(name="bot"),
    role_ref=client.V1RoleRef(api_group="rbac.authorization.k8s.io", kind="Role", name="reader"),
    subjects=[client.RbacV1Subject(kind="ServiceAccount", name="bot", namespace="default")],
)
rbac.create_namespaced_role_binding("default", binding)
bot = "system:serviceaccount:default:bot"
same((may("list", bot), may("delete", bot), may("list", bot, namespace="other")), (True, False, False), "rights of a bot")
request = client.AuthenticationV1TokenRequest(spec=client.V1TokenRequestSpec(audiences=[]))
token = core.create_namespaced_service_account_token("bot", "default", request).status.token


def holding(shown):
    """A client that shows another token."""
    settings = client.Configuration.get_default_copy()
    settings.refresh_api_key_hook = None
    settings.api_key = dict.fromkeys(settings.api_key, f"Bearer {shown}")
    return client.CoreV1Api(client.ApiClient(settings))


as_bot = holding(token)
same(as_bot.list_namespaced_pod("default").items, [], "what a bot may")
with refused(ApiException, "what a bot may not", status=403):
    as_bot.list_namespaced_secret("default")
with refused(ApiException, "a wrong token", status=401):
    holding("wrong").list_namespaced_pod("default")
ok("reviews, roles, tokens")
