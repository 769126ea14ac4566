//! The service instance and its managers.

use super::fault::Ref;
use super::session::Session;
use super::tree::ROOT;
use super::xml::Node;
use crate::facts::{now, rfc3339};
use crate::lab::world::Source;

/// Value of the session-wide property collector.
pub(super) const PROPERTY_COLLECTOR: &str = "propertyCollector";

/// Content field, type, value of each manager.
const MANAGERS: [(&str, &str, &str); 13] = [
    ("propertyCollector", "PropertyCollector", PROPERTY_COLLECTOR),
    ("viewManager", "ViewManager", "ViewManager"),
    ("sessionManager", "SessionManager", "SessionManager"),
    ("authorizationManager", "AuthorizationManager", "AuthorizationManager"),
    ("taskManager", "TaskManager", "TaskManager"),
    ("searchIndex", "SearchIndex", "SearchIndex"),
    ("fileManager", "FileManager", "FileManager"),
    ("guestOperationsManager", "GuestOperationsManager", "guestOperationsManager"),
    ("authManager", "GuestAuthManager", "guestOperationsAuthManager"),
    ("fileManager", "GuestFileManager", "guestOperationsFileManager"),
    ("processManager", "GuestProcessManager", "guestOperationsProcessManager"),
    ("", "ServiceInstance", "ServiceInstance"),
    ("", "EnvironmentBrowser", "envbrowser"),
];

/// Whether this is the service instance or one of its managers.
pub(super) fn is_manager(kind: &str, value: &str) -> bool {
    MANAGERS.iter().any(|(_, known, moref)| *known == kind && *moref == value)
}

/// `about` of the service.
pub(super) fn about(source: &Source) -> Node {
    let version = &source.version;
    Node::new("about").with([
        Node::leaf("name", "VMware vCenter Server"),
        Node::leaf("fullName", format!("VMware vCenter Server {version} build-24022515")),
        Node::leaf("vendor", "VMware, Inc."),
        Node::leaf("version", version),
        Node::leaf("patchLevel", "00300"),
        Node::leaf("build", "24022515"),
        Node::leaf("localeVersion", "INTL"),
        Node::leaf("localeBuild", "000"),
        Node::leaf("osType", "linux-x64"),
        Node::leaf("productLineId", "vpx"),
        Node::leaf("apiType", "VirtualCenter"),
        Node::leaf("apiVersion", api_version(version)),
        Node::leaf("instanceUuid", source.uuid_for("vcenter")),
        Node::leaf("licenseProductName", "VMware VirtualCenter Server"),
        Node::leaf("licenseProductVersion", "8.0"),
    ])
}

/// The API version of a product version (`8.0.3` speaks `8.0.3.0`).
pub(super) fn api_version(version: &str) -> String {
    let parts = version.split('.').count();
    (parts..4).fold(version.to_owned(), |text, _| text + ".0")
}

/// The service content, as an element of this name.
pub(super) fn service_content(source: &Source, name: &str) -> Node {
    let manager = |field: &str| {
        MANAGERS.iter().find(|(name, ..)| *name == field).map(|(name, kind, value)| Ref::new(kind, value).node(name))
    };
    Node::new(name)
        .with([Ref::new("Folder", ROOT).node("rootFolder")])
        .with(["propertyCollector", "viewManager"].iter().filter_map(|field| manager(field)))
        .with([about(source)])
        .with(
            [
                "sessionManager",
                "authorizationManager",
                "taskManager",
                "searchIndex",
                "fileManager",
                "guestOperationsManager",
            ]
            .iter()
            .filter_map(|field| manager(field)),
        )
}

/// A property of the service instance or a manager; nothing if it is unset.
pub(super) fn property(source: &Source, session: Option<&Session>, object: &Ref, name: &str) -> Vec<Node> {
    match (object.kind.as_str(), name) {
        ("ServiceInstance", "content") => vec![service_content(source, name)],
        ("GuestOperationsManager", _) => {
            let own = MANAGERS.iter().find(|(field, kind, _)| *field == name && kind.starts_with("Guest"));
            own.map(|(_, kind, value)| Ref::new(kind, value).node(name)).into_iter().collect()
        }
        ("ServiceInstance", "serverClock") => vec![Node::leaf(name, rfc3339(now()))],
        ("SessionManager", "currentSession") => session.map(|session| session.node(name)).into_iter().collect(),
        ("SessionManager", "defaultLocale" | "supportedLocaleList" | "messageLocaleList") => {
            vec![Node::leaf(name, "en")]
        }
        ("AuthorizationManager", "description") => {
            let element = |list: &str| {
                Node::new(list).with([
                    Node::leaf("label", "System"),
                    Node::leaf("summary", "System"),
                    Node::leaf("key", "System"),
                ])
            };
            vec![Node::new(name).of("AuthorizationDescription").with([element("privilege"), element("privilegeGroup")])]
        }
        ("ViewManager", "viewList") => {
            let views = session.map(|session| session.views.keys().cloned().collect::<Vec<_>>()).unwrap_or_default();
            views.iter().map(|view| Ref::new("ContainerView", view).node(name)).collect()
        }
        ("PropertyCollector", "filter") => {
            session.map(|session| session.filters_of(&object.value, name)).unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

/// The answer to `GET /sdk/vimServiceVersions.xml`.
pub(super) fn versions(source: &Source) -> String {
    const KNOWN: [&str; 16] = [
        "9.0.0.0", "8.0.3.0", "8.0.2.0", "8.0.1.0", "8.0.0.1", "8.0.0.0", "7.0.3.2", "7.0.3.0", "7.0.2.0", "7.0.1.0",
        "7.0.0.0", "6.9.1", "6.8.7", "6.7.3", "6.7", "6.5",
    ];
    let current = api_version(&source.version);
    let prior: String = KNOWN
        .iter()
        .filter(|version| !newer(version, &current) && **version != current)
        .fold(String::new(), |text, version| text + "<version>" + version + "</version>");
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" ?><namespaces version=\"1.0\"><namespace><name>urn:vim25</name>\
         <version>{current}</version><priorVersions>{prior}</priorVersions></namespace></namespaces>"
    )
}

/// Whether the first of two versions is the newer one.
pub(super) fn newer(one: &str, other: &str) -> bool {
    let numbers = |text: &str| text.split('.').map(|part| part.parse().unwrap_or(0)).collect::<Vec<u32>>();
    numbers(one) > numbers(other)
}
