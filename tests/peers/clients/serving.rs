//! What a served lab owes its clients when it ends: at once, in order, with its addresses free again.

use super::served::{Served, launch};
use crate::bench::Bench;
use crate::part::Part::Kubectl;
use crate::peer::{Launch, Peer};
use crate::trial::trial;
use libtest_mimic::Trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("clients::lab::an_interrupt_ends_it_whatever_clients_watch", &[Kubectl], |bench| ends(bench, "INT")),
        trial("clients::lab::a_termination_ends_it_whatever_clients_watch", &[Kubectl], |bench| ends(bench, "TERM")),
    ]
}

async fn ends(bench: Bench, signal: &str) {
    // Neither joins the bench: their end is what is looked at.
    let lab = Peer::start(launch(bench.folder(), &[]), bench.folder()).await.unwrap_or_else(|why| panic!("{why}"));
    let kubeconfig = bench.folder().join("lab/kubeconfig");
    let watch = Launch::new("watch", &Kubectl.path(), ["get", "nodes", "--watch"])
        .env("HOME", bench.folder())
        .env("KUBECONFIG", &kubeconfig)
        .ready_when_logged("worker-2");
    let watch = Peer::start(watch, bench.folder()).await.unwrap_or_else(|why| panic!("{why}"));
    let log = lab.log();
    let address = |label: &str| {
        let line = log.lines().find_map(|line| line.strip_prefix(label)).unwrap().trim();
        line.trim_start_matches("https://").trim_end_matches("/sdk").to_owned()
    };
    let (kubernetes, vsphere) = (address("kubernetes"), address("vsphere-8"));
    lab.signal_leader(signal);
    let how = lab.death().await;
    assert!(how.ends_with("exit status: 0"), "{how}{}", lab.last_words());
    watch.kill().await;
    let again = ["--kubernetes", &kubernetes, "--source", &vsphere];
    let lab = bench.start(launch(bench.folder(), &again)).await;
    let lab = Served::of(&bench, lab);
    assert_eq!(lab.url("kubernetes"), format!("https://{kubernetes}"));
    lab.kubectl("get nodes -o name").await.shows(&["node/worker-0"]);
}
