//! kubectl and rights: service accounts, roles, tokens, other users, reviews.

use super::served::{Served, older_than};
use crate::bench::Bench;
use crate::part::Part::Kubectl;
use crate::trial::{trial, trial_unless};
use libtest_mimic::Trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("clients::kubectl::a_role_binding_gives_a_service_account_its_rights_only", &[Kubectl], bound),
        trial("clients::kubectl::users_have_the_rights_of_their_roles", &[Kubectl], users),
        trial_unless("clients::kubectl::a_created_token_is_its_account", &[Kubectl], || older_than(27), tokens),
    ]
}

const BOT: &str = "--as=system:serviceaccount:default:bot";

async fn bound(bench: Bench) {
    let lab = Served::start(&bench).await;
    lab.kubectl("create serviceaccount bot").await.is("serviceaccount/bot created");
    lab.kubectl(&format!("get pods {BOT}")).await.fails(1, "Forbidden");
    lab.kubectl("create role reader --verb=get,list --resource=pods").await.done();
    lab.kubectl("create rolebinding bot-reads --role=reader --serviceaccount=default:bot").await.done();
    lab.kubectl(&format!("auth can-i list pods {BOT}")).await.is("yes");
    lab.kubectl(&format!("auth can-i create pods {BOT}")).await.fails(1, "no");
    lab.kubectl(&format!("auth can-i list pods -n openshift-mtv {BOT}")).await.fails(1, "no");
    lab.kubectl(&format!("auth can-i --list {BOT}")).await.shows(&["pods", "[get list]"]);
    lab.kubectl(&format!("get pods {BOT}")).await.is("");
    let why = "pods is forbidden: User \"system:serviceaccount:default:bot\" cannot list resource \"pods\" in API group \
               \"\" in the namespace \"openshift-mtv\"";
    lab.kubectl(&format!("get pods -n openshift-mtv {BOT}")).await.fails(1, why);
    lab.kubectl(&format!("delete pod x {BOT}")).await.fails(1, "cannot delete resource \"pods\"");
    lab.kubectl("create clusterrole planner --verb='*' --resource=plans.forklift.konveyor.io").await.done();
    lab.kubectl("create clusterrolebinding planners --clusterrole=planner --group=planners").await.done();
    let group = "--as=someone --as-group=planners";
    lab.kubectl(&format!("get plans -A {group}")).await.is("");
    lab.kubectl(&format!("get providers -A {group}")).await.fails(1, "Forbidden");
    lab.kubectl("delete rolebinding bot-reads").await.done();
    lab.kubectl(&format!("get pods {BOT}")).await.fails(1, "Forbidden");
}

async fn users(bench: Bench) {
    let lab = Served::start(&bench).await;
    lab.kubectl("auth can-i '*' '*' --all-namespaces").await.is("yes");
    lab.kubectl("get pods -A --as=viewer -o name").await.shows(&["pod/forklift-api-"]);
    lab.kubectl("create configmap x --as=viewer")
        .await
        .fails(1, "User \"viewer\" cannot create resource \"configmaps\"");
    let why = "pods is forbidden: User \"nobody\" cannot list resource \"pods\" in API group \"\" at the cluster scope";
    lab.kubectl("get pods -A --as=nobody").await.fails(1, why);
    lab.kubectl("auth can-i get pods --as=nobody").await.fails(1, "no");
    // A user without the right cannot become another one.
    let viewer = "--token=sha256~lab-viewer-token";
    lab.kubectl(&format!("get pods -A {viewer} -o name")).await.shows(&["pod/forklift-api-"]);
    lab.kubectl(&format!("get pods -A {viewer} --as=admin")).await.fails(1, "cannot impersonate resource \"users\"");
}

async fn tokens(bench: Bench) {
    let lab = Served::start(&bench).await;
    lab.kubectl("auth whoami").await.shows(&["admin", "system:cluster-admins"]);
    lab.kubectl("create serviceaccount bot").await.done();
    let token = lab.kubectl("create token bot").await.done();
    let token = token.trim();
    let whoami = lab.kubectl(&format!("auth whoami --token={token}")).await;
    whoami.shows(&["system:serviceaccount:default:bot", "system:serviceaccounts"]);
    lab.kubectl(&format!("get pods --token={token}")).await.fails(1, "Forbidden");
    lab.kubectl("create clusterrolebinding b --clusterrole=cluster-admin --serviceaccount=default:bot").await.done();
    lab.kubectl(&format!("get pods -n openshift-mtv -o name --token={token}")).await.shows(&["pod/forklift-api-"]);
    lab.kubectl("create token nosuch").await.fails(1, "not found");
    lab.kubectl("delete serviceaccount bot").await.done();
    lab.kubectl(&format!("get pods --token={token}")).await.fails(1, "You must be logged in to the server");
}
