//! Who may do what, and who is who.

use crate::differential::kinds::{MAPS, PODS, WIDGETS, map, widget, with};
use crate::differential::sequence::{Sequence, sequence};
use serde_json::{Value, json};

pub(super) fn sequences() -> Vec<Sequence> {
    vec![tokens(), accounts(), reviews(), impersonation()]
}

const ACCOUNTS: &str = "/api/v1/namespaces/{ns}/serviceaccounts";
const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1";

fn account(sequence: Sequence) -> Sequence {
    let request =
        json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 3600}});
    sequence
        .post(
            "account",
            ACCOUNTS,
            json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "worker"}}),
        )
        .post("token", &format!("{ACCOUNTS}/worker/token"), request)
}

fn tokens() -> Sequence {
    sequence("tokens_that_are_none_are_refused")
        .get("bad token", MAPS)
        .token("nonsense")
        .get("bad token, unknown path", "/nothing")
        .token("nonsense")
        .get("bad token, version", "/version")
        .token("nonsense")
        .view(|body| json!([body["code"], body["major"]]))
        .post(
            "token of nobody",
            &format!("{ACCOUNTS}/absent/token"),
            json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}),
        )
}

fn accounts() -> Sequence {
    let role = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "r"}, "rules": [
        {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list", "create"]},
        {"apiGroups": ["diff.mtvtest.io"], "resources": ["widgets"], "resourceNames": ["a"], "verbs": ["get", "delete"]},
        {"apiGroups": ["diff.mtvtest.io"], "resources": ["widgets/status"], "verbs": ["patch"]}]});
    let binding = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "r"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "r"},
        "subjects": [{"kind": "ServiceAccount", "name": "worker", "namespace": "{ns}"}]});
    let ask = "{token.token}";
    account(sequence("service_accounts_may_what_roles_grant"))
        .get("forbidden", MAPS)
        .token(ask)
        .get("forbidden object", &format!("{MAPS}/a"))
        .token(ask)
        .get("forbidden widgets", WIDGETS)
        .token(ask)
        .get("forbidden everywhere", "/apis/diff.mtvtest.io/v1/widgets")
        .token(ask)
        .get("forbidden watch", &format!("{WIDGETS}?watch=true"))
        .token(ask)
        .post("forbidden create", WIDGETS, widget("a"))
        .token(ask)
        .patch("forbidden patch", &format!("{WIDGETS}/a"), json!({}))
        .token(ask)
        .patch("forbidden status", &format!("{WIDGETS}/a/status"), json!({}))
        .token(ask)
        .delete("forbidden delete", &format!("{WIDGETS}/a"), json!(null))
        .token(ask)
        .delete("forbidden delete of all", WIDGETS, json!(null))
        .token(ask)
        .get("forbidden log", &format!("{PODS}/p/log"))
        .token(ask)
        .get("forbidden cluster", "/api/v1/namespaces")
        .token(ask)
        .get("forbidden namespace", "/api/v1/namespaces/{ns}")
        .token(ask)
        .get("forbidden kind that is not", "/apis/diff.mtvtest.io/v1/namespaces/{ns}/gizmos")
        .token(ask)
        .get("forbidden path", "/metrics")
        .token(ask)
        .get("discovery", "/apis/diff.mtvtest.io")
        .token(ask)
        .post("role", &format!("{RBAC}/namespaces/{{ns}}/roles"), role)
        .post("binding", &format!("{RBAC}/namespaces/{{ns}}/rolebindings"), binding)
        .post("made", WIDGETS, widget("a"))
        .get("may list", MAPS)
        .token(ask)
        .until(200)
        .view(|body| body["kind"].clone())
        .post("may create", MAPS, map("a"))
        .token(ask)
        .get("may get by name", &format!("{WIDGETS}/a"))
        .token(ask)
        .get("not another", &format!("{WIDGETS}/b"))
        .token(ask)
        .get("nor list", WIDGETS)
        .token(ask)
        .patch("may patch the status", &format!("{WIDGETS}/a/status"), json!({"status": {"phase": "x"}}))
        .token(ask)
        .patch("not the object", &format!("{WIDGETS}/a"), json!({}))
        .token(ask)
        .post(
            "no rights to give",
            &format!("{RBAC}/namespaces/{{ns}}/roles"),
            json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "x"}}),
        )
        .token(ask)
}

fn reviews() -> Sequence {
    let of =
        |kind: &str, group: &str, spec: Value| json!({"apiVersion": format!("{group}/v1"), "kind": kind, "spec": spec});
    let (authentication, authorization) = ("authentication.k8s.io", "authorization.k8s.io");
    let access = format!("/apis/{authorization}/v1/selfsubjectaccessreviews");
    let wants = json!({"resourceAttributes": {"namespace": "{ns}", "verb": "get", "resource": "pods"}});
    let ask = "{token.token}";
    // What each token is called within differs by nature.
    let user = |body: Value| {
        let user =
            if body["status"]["userInfo"].is_null() { &body["status"]["user"] } else { &body["status"]["userInfo"] };
        with(
            body.clone(),
            &json!({"status": {"userInfo": null, "user": null}, "name": user["username"], "groups": user["groups"], "uid": user["uid"], "spec": null}),
        )
    };
    account(sequence("reviews_answer_the_same"))
        .post(
            "who am I",
            &format!("/apis/{authentication}/v1/selfsubjectreviews"),
            of("SelfSubjectReview", authentication, json!(null)),
        )
        .token(ask)
        .view(user)
        .post(
            "who is that",
            &format!("/apis/{authentication}/v1/tokenreviews"),
            of("TokenReview", authentication, json!({"token": ask})),
        )
        .view(user)
        .post(
            "who is nobody",
            &format!("/apis/{authentication}/v1/tokenreviews"),
            of("TokenReview", authentication, json!({"token": "nonsense"})),
        )
        .view(user)
        .post("may I not", &access, of("SelfSubjectAccessReview", authorization, wants.clone()))
        .token(ask)
        .post("may I as admin", &access, of("SelfSubjectAccessReview", authorization, wants.clone()))
        .view(|mut body| {
            body["status"].as_object_mut().unwrap().remove("reason");
            body
        })
        .post(
            "may the other",
            &format!("/apis/{authorization}/v1/subjectaccessreviews"),
            of("SubjectAccessReview", authorization, with(wants.clone(), &json!({"user": "someone"}))),
        )
        .post("may nobody", &access, of("SelfSubjectAccessReview", authorization, json!({})))
        .post(
            "review without rights",
            &format!("/apis/{authentication}/v1/tokenreviews"),
            of("TokenReview", authentication, json!({"token": "x"})),
        )
        .token(ask)
        .post("other kind", &access, of("SelfSubjectReview", authentication, json!(null)))
        .get("get", &access)
}

fn impersonation() -> Sequence {
    sequence("requests_in_the_place_of_others")
        .get("as nobody", MAPS)
        .header("impersonate-user", "somebody")
        .get("as a group of admins", MAPS)
        .header("impersonate-user", "somebody")
        .header("impersonate-group", "system:masters")
        .view(|body| body["kind"].clone())
        .post(
            "review",
            "/apis/authentication.k8s.io/v1/selfsubjectreviews",
            json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}),
        )
        .header("impersonate-user", "somebody")
        .post(
            "review in a group",
            "/apis/authentication.k8s.io/v1/selfsubjectreviews",
            json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}),
        )
        .header("impersonate-user", "somebody")
        .header("impersonate-group", "g")
        .get("group alone", MAPS)
        .header("impersonate-group", "system:masters")
}
