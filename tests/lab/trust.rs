//! Whom a run and the product trust: the chain that a source shows, fetched without any program, pinned and stored.

use crate::rig::Rig;
use async_trait::async_trait;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::{Request, Response};
use mtvtest::event::{Outcome, Verdict};
use mtvtest::http::{HttpError, Network, TlsPolicy, Transport};
use mtvtest::lab::Lab;
use mtvtest::lab::fault::ProductFault;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

const PLAIN: &str = "description: d\nvirtual_machines: [{name: mtv-tests-rhel8}]\n";
const IMPOSTOR: &str = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
/// The sources that show a certificate.
const WITH_TLS: [&str; 3] = ["vsphere-8", "ovirt-4.4", "openstack-17.1"];

/// Where Nova is in a cloud whose services are on several hosts, and what it shows.
const NOVA: &str = "nova.lab.mtvtest";
const NOVA_PEM: &str = "-----BEGIN CERTIFICATE-----\nCCCC\n-----END CERTIFICATE-----\n";

/// A network that shows another chain, or writes down who was asked for one.
struct Tampered {
    inner: Arc<dyn Network>,
    /// Has Nova at a host of its own.
    spread: bool,
    /// Shown instead of what the sources show.
    chain: Option<&'static str>,
    /// Lets the run itself in, whatever it trusts.
    open: bool,
    asked: Mutex<Vec<(String, u16)>>,
}

#[async_trait]
impl Network for Tampered {
    fn open(&self, tls: &TlsPolicy) -> Result<Arc<dyn Transport>, HttpError> {
        let inner = self.inner.open(if self.open { &TlsPolicy::AcceptAny } else { tls })?;
        let trusts_nova = matches!(tls, TlsPolicy::Pinned(pem) if pem.contains("CCCC"));
        Ok(if self.spread { Arc::new(Spread { inner, trusts_nova }) } else { inner })
    }

    async fn certificate_chain(&self, host: &str, port: u16) -> Result<String, HttpError> {
        self.asked.lock().unwrap().push((host.to_owned(), port));
        if host == NOVA {
            return Ok(NOVA_PEM.to_owned());
        }
        let shown = self.inner.certificate_chain(host, port).await?;
        Ok(self.chain.map_or(shown, str::to_owned))
    }
}

/// Lets Keystone's catalog lead to Nova's own host, and what is sent there to the lab's one.
struct Spread {
    inner: Arc<dyn Transport>,
    trusts_nova: bool,
}

#[async_trait]
impl Transport for Spread {
    async fn send(&self, mut request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let uri = request.uri().to_string();
        if uri.contains(NOVA) {
            assert!(self.trusts_nova, "{uri} is asked without being trusted");
            *request.uri_mut() = uri.replace(&format!("{NOVA}:8774"), "openstack.lab.mtvtest").parse().unwrap();
        }
        let answer = self.inner.send(request).await?;
        let own = "https://openstack.lab.mtvtest/compute";
        let spread = |body: Bytes| {
            let text = String::from_utf8_lossy(&body).replace(own, &format!("https://{NOVA}:8774/compute"));
            Bytes::from(text)
        };
        Ok(if uri.ends_with("/auth/tokens") { answer.map(spread) } else { answer })
    }
}

/// Puts a tampered network between the run and the lab.
fn tamper(rig: &mut Rig, chain: Option<&'static str>, open: bool) -> Arc<Tampered> {
    put_between(rig, (chain, open, false))
}

fn put_between(rig: &mut Rig, (chain, open, spread): (Option<&'static str>, bool, bool)) -> Arc<Tampered> {
    let inner = Arc::clone(&rig.network);
    let tampered = Arc::new(Tampered { inner, spread, chain, open, asked: Mutex::default() });
    rig.network = Arc::clone(&tampered) as Arc<dyn Network>;
    tampered
}

fn of_source(lab: &Lab, kind: &str) -> Value {
    let is_it = |object: &Value| {
        object["kind"] == kind
            && (object["spec"]["url"] != "" || kind != "Provider")
            && (kind != "Secret" || object["metadata"]["labels"]["createdForProviderType"].is_string())
    };
    lab.api().objects().into_iter().find(is_it).unwrap()
}

fn decoded(secret: &Value, key: &str) -> Option<String> {
    let bytes = BASE64_STANDARD.decode(secret["data"][key].as_str()?).unwrap();
    Some(String::from_utf8(bytes).unwrap())
}

fn without_white_space(text: &str) -> String {
    text.split_whitespace().collect()
}

#[tokio::test(start_paused = true)]
async fn the_chain_of_the_source_is_stored_for_the_product() {
    for provider in WITH_TLS {
        let mut rig = Rig::on(provider);
        let mut secret = Value::Null;
        let ran = rig.run_and_look(PLAIN, |lab| secret = of_source(lab, "Secret")).await;
        assert_eq!(ran.outcome, Outcome::Passed, "{provider}");
        let stored = decoded(&secret, "cacert").unwrap();
        assert_eq!(without_white_space(&stored), without_white_space(rig.lab.ca_pem()), "{provider}");
        assert_eq!(decoded(&secret, "insecureSkipVerify").as_deref(), Some("false"));
        let tls = ran.reports().find(|report| report.check == "provider-tls").unwrap();
        assert_eq!(tls.verdict, Verdict::Passed { seen: "insecureSkipVerify false".into() });
    }
}

#[tokio::test(start_paused = true)]
async fn verification_is_skipped_on_both_sides_where_the_settings_say_so_by_name() {
    for provider in WITH_TLS {
        let mut rig = Rig::on(provider);
        rig.settings.source_provider_insecure_skip_verify = true;
        let tampered = tamper(&mut rig, Some(IMPOSTOR), false);
        let (mut secret, mut made) = (Value::Null, Value::Null);
        let ran = rig
            .run_and_look(PLAIN, |lab| (secret, made) = (of_source(lab, "Secret"), of_source(lab, "Provider")))
            .await;
        assert_eq!(ran.outcome, Outcome::Passed, "{provider}");
        assert_eq!(decoded(&secret, "insecureSkipVerify").as_deref(), Some("true"));
        let conditions = made["status"]["conditions"].as_array().unwrap();
        let warned = conditions.iter().any(|one| one["type"] == "ConnectionInsecure");
        assert_eq!(warned, !provider.starts_with("openstack"), "{provider}");
        // oVirt has its CA in any case.
        let of_ovirt = provider.starts_with("ovirt");
        assert_eq!(decoded(&secret, "cacert").is_some(), of_ovirt, "{provider}");
        assert_eq!(tampered.asked.lock().unwrap().is_empty(), !of_ovirt, "{provider}");
        let tls = ran.reports().find(|report| report.check == "provider-tls").unwrap();
        assert_eq!(tls.verdict, Verdict::Passed { seen: "insecureSkipVerify true".into() });
    }
}

#[tokio::test(start_paused = true)]
async fn a_source_that_shows_another_chain_than_it_did_gets_no_password() {
    for provider in WITH_TLS {
        let mut rig = Rig::on(provider);
        tamper(&mut rig, Some(IMPOSTOR), false);
        let problems = rig.preflight(PLAIN).await;
        assert_eq!(problems.len(), 1, "{problems:?}");
        let words = &problems[0];
        assert!(words.starts_with(&format!("provider {provider}: ")), "{words}");
        assert!(words.contains("certificate is not trusted") && words.contains("UnknownIssuer"), "{words}");
        assert_eq!(rig.leftovers(), Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn a_ca_that_the_product_cannot_use_ends_the_wait_with_its_words() {
    for provider in WITH_TLS {
        let mut rig = Rig::on(provider);
        tamper(&mut rig, Some(IMPOSTOR), true);
        let (session, ..) = rig.session(PLAIN).await;
        let Err((parts, error)) = session else { panic!("{provider} is ready") };
        let words = format!("{error:?}");
        assert!(words.contains("its phase is ConnectionFailed: ConnectionTestFailed: "), "{words}");
        assert!(words.contains("x509: certificate signed by unknown authority"), "{words}");
        assert_eq!(parts.tear_down().await.unwrap(), []);
    }
}

#[tokio::test(start_paused = true)]
async fn host_and_port_of_both_keys_are_honoured() {
    for provider in WITH_TLS {
        let mut rig = Rig::on(provider);
        let mut providers: Value = serde_json::from_str(&rig.providers_json).unwrap();
        let entry = &mut providers[provider];
        let host = entry["fqdn"].as_str().unwrap().to_owned();
        let url = entry["api_url"].as_str().unwrap().replace(&host, &format!("{host}:8443"));
        (entry["fqdn"], entry["api_url"]) = (format!("{host}:9443").into(), url.clone().into());
        rig.providers_json = providers.to_string();
        let tampered = tamper(&mut rig, None, false);
        let mut made = Value::Null;
        let ran = rig.run_and_look(PLAIN, |lab| made = of_source(lab, "Provider")).await;
        assert_eq!(ran.outcome, Outcome::Passed, "{provider}");
        // The clean-up asks again.
        let asked: BTreeSet<(String, u16)> = tampered.asked.lock().unwrap().iter().cloned().collect();
        assert_eq!(asked, BTreeSet::from([(host.clone(), 8443), (host, 9443)]), "{provider}");
        assert_eq!(made["spec"]["url"], url);
    }
}

#[tokio::test(start_paused = true)]
async fn an_ova_share_shows_no_certificate() {
    let mut rig = Rig::on("ova-nfs");
    let tampered = tamper(&mut rig, Some(IMPOSTOR), false);
    let mut secret = Value::Null;
    let scenario = "description: d\nvirtual_machines: [{name: mtv-win2019}]\n";
    let ran = rig.run_and_look(scenario, |lab| secret = of_source(lab, "Secret")).await;
    assert_eq!(ran.outcome, Outcome::Passed);
    assert_eq!(*tampered.asked.lock().unwrap(), []);
    assert_eq!(decoded(&secret, "url").as_deref(), Some("nfs.lab.mtvtest:/exports/ova"));
    assert_eq!(decoded(&secret, "cacert"), None);
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_says_otherwise_than_asked_is_found() {
    for provider in WITH_TLS {
        for fault in [ProductFault::TlsFlagFlipped, ProductFault::TlsFlagLost, ProductFault::TlsFlagGarbled] {
            let rig = Rig::on(provider);
            rig.faults().harm(fault);
            let ran = rig.run(PLAIN).await;
            assert_eq!(ran.failed_checks(), ["provider-tls"], "{provider} {fault}");
            ran.assert_empty_world();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn every_host_of_a_catalog_is_trusted_like_keystone() {
    let mut rig = Rig::on("openstack-17.1");
    let tampered = put_between(&mut rig, (None, false, true));
    let mut secret = Value::Null;
    let ran = rig.run_and_look(PLAIN, |lab| secret = of_source(lab, "Secret")).await;
    assert_eq!(ran.outcome, Outcome::Passed, "{}", ran.reason());
    let asked: BTreeSet<(String, u16)> = tampered.asked.lock().unwrap().iter().cloned().collect();
    assert_eq!(asked, BTreeSet::from([("openstack.lab.mtvtest".to_owned(), 443), (NOVA.to_owned(), 8774)]));
    let stored = without_white_space(&decoded(&secret, "cacert").unwrap());
    assert!(stored.contains(&without_white_space(NOVA_PEM)), "{stored}");
    assert!(stored.contains(&without_white_space(rig.lab.ca_pem())), "{stored}");
}
