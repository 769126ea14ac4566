use super::*;
use crate::http::{HttpClient, RealNetwork, RequestCounter, TlsPolicy};
use crate::lab::clock::Pace;
use crate::lab::world::{World, WorldSpec};
use bytes::Bytes;

#[tokio::test]
async fn a_served_lab_answers_over_tls_and_ends() {
    let world = World::from_spec(WorldSpec::embedded().unwrap(), Pace::FULL).unwrap();
    let lab = Lab::start(world).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let served = serve(&lab, ServeOptions::in_directory(directory.path())).await.unwrap();
    let tls = TlsPolicy::Pinned(std::fs::read_to_string(&served.ca).unwrap());
    let http = HttpClient::open(&RealNetwork, &tls, RequestCounter::default()).unwrap();
    let get = async |url: String| {
        let request = http::Request::get(url).header("Authorization", format!("Bearer {}", lab.admin_token()));
        http.send(request.body(Bytes::new()).unwrap()).await.unwrap()
    };
    let metadata = get(format!("https://{}/.well-known/oauth-authorization-server", served.kubernetes)).await;
    let metadata: serde_json::Value = serde_json::from_slice(metadata.body()).unwrap();
    assert_eq!(metadata["issuer"], format!("https://{}", served.oauth));
    let route = get(format!(
        "https://{}/apis/route.openshift.io/v1/namespaces/openshift-mtv/routes/forklift-inventory",
        served.kubernetes
    ))
    .await;
    let route: serde_json::Value = serde_json::from_slice(route.body()).unwrap();
    assert_eq!(route["spec"]["host"], served.inventory);
    assert_eq!(get(format!("https://{}/providers", served.inventory)).await.status(), 200);
    let place = &served.sources["vsphere-8"];
    assert_eq!(get(format!("https://{place}/sdk/vimServiceVersions.xml")).await.status(), 200);
    assert!(std::fs::read_to_string(&served.providers).unwrap().contains(&format!("https://{place}/sdk")));
    assert!(lab.world().source_at(place).is_some());
    #[cfg(unix)]
    {
        let mode =
            std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&served.kubeconfig).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
    }
    let place = place.clone();
    served.stop(&lab).await;
    assert!(TcpStream::connect(&place).await.is_err(), "the listener still accepts");
    assert!(lab.world().source_at(&place).is_none());
    lab.stop().await;
}
