//! Lists and watches: cluster-api.md section 6.4.

use super::fixture::{Ask, PLANS, PODS, config_map, plan, server};
use serde_json::{Value, json};

const MAPS: &str = "/api/v1/namespaces/n/configmaps";

fn names(list: &Value) -> Vec<&str> {
    list["items"].as_array().unwrap().iter().map(|item| item["metadata"]["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn lists_have_pages_pinned_to_the_first() {
    let server = server();
    let ask = Ask::of(&server);
    for name in ["a", "b", "c", "d"] {
        ask.make(MAPS, config_map(name)).await;
    }
    let (_, first) = ask.get(&format!("{MAPS}?limit=2")).await;
    assert_eq!(names(&first), ["a", "b"]);
    assert_eq!(first["kind"], "ConfigMapList");
    assert_eq!(first["metadata"]["remainingItemCount"], 2);
    assert!(first["items"][0].get("kind").is_none());
    ask.delete(&format!("{MAPS}/c"), Value::Null).await;
    ask.make(MAPS, config_map("bb")).await;
    let token = first["metadata"]["continue"].as_str().unwrap();
    let (_, second) = ask.get(&format!("{MAPS}?limit=2&continue={token}")).await;
    assert_eq!(names(&second), ["c", "d"]);
    assert_eq!(second["metadata"]["resourceVersion"], first["metadata"]["resourceVersion"]);
    assert!(second["metadata"].get("continue").is_none());
    assert_eq!(names(&ask.get(MAPS).await.1), ["a", "b", "bb", "d"]);
    assert_eq!(ask.get(&format!("{MAPS}?continue=junk")).await.0, 400);
    assert_eq!(ask.get(&format!("{MAPS}?resourceVersion=99999")).await.0, 504);
    assert_eq!(ask.get(&format!("{MAPS}?resourceVersionMatch=Exact")).await.0, 422);
    let (_, empty) = ask.get(PLANS).await;
    assert_eq!(empty["items"], json!([]));
}

#[tokio::test]
async fn selectors_choose() {
    let server = server();
    let ask = Ask::of(&server);
    for (name, tier) in [("a", "1"), ("b", "2")] {
        let mut map = config_map(name);
        map["metadata"]["labels"] = json!({"tier": tier});
        ask.make(MAPS, map).await;
    }
    assert_eq!(names(&ask.get(&format!("{MAPS}?labelSelector=tier%20in%20(2,3)")).await.1), ["b"]);
    assert_eq!(names(&ask.get(&format!("{MAPS}?fieldSelector=metadata.name%3Da")).await.1), ["a"]);
    assert_eq!(names(&ask.get(&format!("{MAPS}?fieldSelector=metadata.name!%3Da")).await.1), ["b"]);
    assert_eq!(names(&ask.get("/api/v1/configmaps?fieldSelector=metadata.namespace%3Dn").await.1), ["a", "b"]);
    let (code, failure) = ask.get(&format!("{MAPS}?fieldSelector=data.x%3Da")).await;
    let why = "\"data.x\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"";
    assert_eq!((code, failure["message"].as_str()), (400, Some(why)));
    let (_, deleted) = ask.delete(&format!("{MAPS}?labelSelector=tier%3D1"), Value::Null).await;
    assert_eq!(names(&deleted), ["a"]);
    assert_eq!(names(&ask.get(MAPS).await.1), ["b"]);
}

#[tokio::test]
async fn a_watch_replays_follows_and_respects_selectors() {
    let server = server();
    let ask = Ask::of(&server);
    let mut map = config_map("a");
    map["metadata"]["labels"] = json!({"on": "1"});
    let made = ask.make(MAPS, map).await;
    ask.make(MAPS, config_map("b")).await;
    let mut all = ask.watch(&format!("{MAPS}?watch=True")).await;
    let mut on = ask.watch(&format!("{MAPS}?watch=1&labelSelector=on")).await;
    let revision = made["metadata"]["resourceVersion"].as_str().unwrap();
    let mut later = ask.watch(&format!("{MAPS}?watch=1&resourceVersion={revision}")).await;
    ask.patch("merge", &format!("{MAPS}/a"), json!({"metadata": {"labels": null}})).await;
    let (_, deleted) = ask.get(&format!("{MAPS}/b")).await;
    ask.delete(&format!("{MAPS}/b"), Value::Null).await;
    ask.patch("merge", &format!("{MAPS}/a"), json!({"metadata": {"labels": {"on": "2"}}})).await;
    assert_eq!(all.take(4).await, ["ADDED a", "ADDED b", "MODIFIED a", "DELETED b"]);
    assert_eq!(on.take(1).await, ["ADDED a"]);
    let left = on.next().await.unwrap();
    assert_eq!(
        (left["type"].as_str(), left["object"]["metadata"]["labels"]["on"].as_str()),
        (Some("DELETED"), Some("1"))
    );
    assert!(left["object"]["metadata"]["resourceVersion"] != made["metadata"]["resourceVersion"]);
    assert_eq!(on.take(1).await, ["ADDED a"]);
    assert_eq!(later.take(2).await, ["ADDED b", "MODIFIED a"]);
    let gone = later.next().await.unwrap();
    assert_eq!(gone["type"], "DELETED");
    assert_ne!(gone["object"]["metadata"]["resourceVersion"], deleted["metadata"]["resourceVersion"]);
}

#[tokio::test]
async fn initial_events_end_with_a_marked_bookmark() {
    let server = server();
    let ask = Ask::of(&server);
    ask.make(PLANS, plan("a")).await;
    let query = "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
    let mut events = ask.watch(&format!("{PLANS}?{query}")).await;
    assert_eq!(events.take(1).await, ["ADDED a"]);
    let mark = events.next().await.unwrap();
    assert_eq!(mark["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"], "true");
    assert_eq!(mark["object"]["kind"], "Plan");
    ask.make(PLANS, plan("b")).await;
    assert_eq!(events.take(1).await, ["ADDED b"]);
    assert_eq!(ask.get(&format!("{PLANS}?watch=1&sendInitialEvents=true")).await.0, 422);
}

#[tokio::test(start_paused = true)]
async fn a_quiet_watch_sends_bookmarks_and_ends_cleanly() {
    let server = server();
    let ask = Ask::of(&server);
    let mut events = ask.watch(&format!("{PLANS}?watch=1&allowWatchBookmarks=1&timeoutSeconds=150")).await;
    ask.make(MAPS, config_map("elsewhere")).await;
    let mut kinds = Vec::new();
    let mut last = Value::Null;
    while let Some(event) = events.next().await {
        kinds.push(event["type"].as_str().unwrap().to_owned());
        last = event;
    }
    assert_eq!(kinds, ["BOOKMARK"; 3]);
    assert_eq!(last["object"]["metadata"]["resourceVersion"], ask.get(MAPS).await.1["metadata"]["resourceVersion"]);
    let mut plain = ask.watch(&format!("{PLANS}?watch=1&timeoutSeconds=150")).await;
    assert_eq!(plain.next().await, None);
}

#[tokio::test]
async fn a_watch_too_far_behind_is_told_410_in_a_200() {
    let server = server();
    let ask = Ask::of(&server);
    let made = ask.make(PLANS, plan("a")).await;
    let revision = made["metadata"]["resourceVersion"].as_str().unwrap().to_owned();
    let mut slow = ask.watch(&format!("{PLANS}?watch=1&resourceVersion={revision}")).await;
    for count in 0..5000 {
        ask.patch("merge", &format!("{PLANS}/a"), json!({"spec": {"count": count}})).await;
    }
    for events in [&mut slow, &mut ask.watch(&format!("{PLANS}?watch=1&resourceVersion={revision}")).await] {
        let event = events.next().await.unwrap();
        assert_eq!((event["type"].as_str(), event["object"]["code"].as_u64()), (Some("ERROR"), Some(410)));
        assert_eq!(events.next().await, None);
    }
    let (code, failure) = ask.get(&format!("{PLANS}?resourceVersion={revision}&resourceVersionMatch=Exact")).await;
    assert_eq!((code, failure["reason"].as_str()), (410, Some("Expired")));
}

#[tokio::test]
async fn tables_show_the_declared_columns() {
    let server = server();
    let table = Ask { accept: "application/json;as=Table;v=v1;g=meta.k8s.io,application/json", ..Ask::of(&server) };
    table.post(PLANS, plan("a")).await;
    table
        .patch(
            "merge",
            &format!("{PLANS}/a/status"),
            json!({"status": {"conditions": [{"type": "Ready", "status": "True"}]}}),
        )
        .await;
    let (_, list) = table.get(PLANS).await;
    let titles: Vec<&str> =
        list["columnDefinitions"].as_array().unwrap().iter().map(|column| column["name"].as_str().unwrap()).collect();
    assert_eq!(titles, ["Name", "READY", "AGE"]);
    assert_eq!(list["rows"][0]["cells"].as_array().unwrap()[..2], [json!("a"), json!("True")]);
    assert_eq!(list["rows"][0]["object"]["kind"], "PartialObjectMetadata");
    let mut events = table.watch(&format!("{PLANS}?watch=1")).await;
    assert_eq!(events.next().await.unwrap()["object"]["kind"], "Table");
}

#[tokio::test]
async fn events_are_one_store_with_two_faces() {
    let server = server();
    let ask = Ask::of(&server);
    let event =
        json!({"metadata": {"name": "e"}, "regarding": {"kind": "Plan", "name": "p"}, "note": "hello", "reason": "R"});
    let made = ask.make("/apis/events.k8s.io/v1/namespaces/n/events", event).await;
    assert_eq!((made["note"].as_str(), made["apiVersion"].as_str()), (Some("hello"), Some("events.k8s.io/v1")));
    let (_, core) = ask.get("/api/v1/namespaces/n/events?fieldSelector=involvedObject.name%3Dp").await;
    assert_eq!(core["items"][0]["message"], "hello");
    assert_eq!(core["items"][0]["involvedObject"]["kind"], "Plan");
}

#[tokio::test]
async fn a_pod_has_its_log() {
    let server = server();
    let ask = Ask::of(&server);
    let pod = json!({"metadata": {"name": "p", "annotations": {"mtvtest.io/log": "one\ntwo\n"}}, "spec": {"containers": [{"name": "c"}]}});
    ask.make(PODS, pod).await;
    assert_eq!(ask.get(&format!("{PODS}/p/log?container=c&tailLines=1")).await, (200, json!("two\n")));
}
