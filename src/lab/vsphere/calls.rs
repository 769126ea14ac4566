//! The calls that are answered at once or by a task; waiting for updates is in `server`.

use super::clone::{self, Cloning};
use super::collector::collect;
use super::content;
use super::fault::{Fault, Ref};
use super::model::Model;
use super::session::{Collector, Session, View};
use super::tasks::{Core, Job};
use super::tree;
use super::updates::Filter;
use super::vm_methods;
use super::xml::Node;
use crate::facts::{Power, now, rfc3339};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

/// What a call is answered with: the children of the response element.
pub(super) type Answer = Result<Vec<Node>, Fault>;

/// A call of a live session.
pub(super) struct Call<'a> {
    /// The server's core.
    pub(super) core: &'a Arc<Core>,
    /// Where tasks run.
    pub(super) running: &'a mut JoinSet<()>,
    /// The session.
    pub(super) session: &'a mut Session,
    /// The object that is called.
    pub(super) this: Ref,
    /// The call's element.
    pub(super) node: &'a Node,
}

#[expect(clippy::unnecessary_wraps, reason = "the end of most answers, which can fail elsewhere")]
fn returned(node: Node) -> Answer {
    Ok(vec![node.named("returnval")])
}

impl Call<'_> {
    /// Answers it.
    pub(super) fn answer(mut self) -> Answer {
        self.require_this()?;
        match self.node.name.as_str() {
            "CurrentTime" => returned(Node::leaf("returnval", rfc3339(now()))),
            "SessionIsActive" => {
                returned(Node::leaf("returnval", self.node.text_of("sessionID") == Some(&self.session.key)))
            }
            "CreateContainerView" => self.create_view(),
            "DestroyView" => {
                self.session.views.remove(&self.this.value);
                Ok(Vec::new())
            }
            "Fetch" => self.fetch(),
            "RetrievePropertiesEx" => self.retrieve(true),
            "RetrieveProperties" => self.retrieve(false),
            "ContinueRetrievePropertiesEx" => self.next_page(),
            "CancelRetrievePropertiesEx" => {
                self.session.pages.remove(self.node.text_of("token").unwrap_or_default());
                Ok(Vec::new())
            }
            "CreatePropertyCollector"
            | "DestroyPropertyCollector"
            | "CreateFilter"
            | "DestroyPropertyFilter"
            | "CancelWaitForUpdates" => self.change_collector(),
            "FindByUuid" | "FindByInventoryPath" | "FindChild" => self.find(),
            "MakeDirectory" | "DeleteDatastoreFile_Task" => self.change_files(),
            "ShutdownGuest" => self.shut_down(),
            "MarkAsTemplate" => vm_methods::mark_as_template(self.core, &self.this).map(|()| Vec::new()),
            "CloneVM_Task" => self.clone_vm(),
            "CancelTask" => self.core.cancel(&self.this).map(|()| Vec::new()),
            _ => self.vm_task(),
        }
    }

    fn model<T>(&self, read: impl FnOnce(&Model<'_>, &Ref) -> T) -> T {
        let inventory = self.core.source.read();
        let tasks = self.core.tasks();
        let model =
            Model { source: &self.core.source, inventory: &inventory, tasks: &tasks, session: Some(&*self.session) };
        read(&model, &self.this)
    }

    fn require_this(&self) -> Result<(), Fault> {
        let this = &self.this;
        self.model(|model, _| model.require(this))
    }

    fn create_view(&mut self) -> Answer {
        let container = Ref::child(self.node, "container").ok_or_else(|| Fault::argument("container"))?;
        self.model(|model, _| model.require(&container))?;
        let types: Vec<String> = self.node.all("type").map(|kind| kind.text.trim().to_owned()).collect();
        if let Some(unknown) = types.iter().find(|kind| !super::wsdl::wsdl().knows(kind)) {
            return Err(Fault::argument(&format!("type {unknown}")));
        }
        let value = self.session.fresh();
        self.session.views.insert(value.clone(), View { container, types, recursive: self.node.flag("recursive") });
        returned(Ref::new("ContainerView", &value).node("returnval"))
    }

    /// pyVmomi reads single properties by this method, which no interface description lists.
    fn fetch(&self) -> Answer {
        let path = self.node.text_of("prop").unwrap_or_default();
        let value = self.model(|model, this| model.value(this, path))?;
        let Some(value) = value else { return Ok(Vec::new()) };
        if value.kind.as_deref().is_some_and(|kind| kind.starts_with("ArrayOf")) {
            let item = value.kind.as_deref().unwrap_or_default().trim_start_matches("ArrayOf").to_owned();
            let simple = item.starts_with(|first: char| first.is_ascii_uppercase())
                && value.children.iter().all(|child| child.children.is_empty());
            let simple = simple && matches!(item.as_str(), "String" | "Int" | "Long" | "Boolean" | "Short" | "Byte");
            let kind = if simple { item.to_lowercase() } else { item };
            let typed = |child: Node| if child.kind.is_some() { child } else { child.of(&kind) };
            return Ok(value.children.into_iter().map(|child| typed(child).named("returnval")).collect());
        }
        returned(value)
    }

    fn retrieve(&mut self, paged: bool) -> Answer {
        let name = if paged { "objects" } else { "returnval" };
        let objects = self.model(|model, _| {
            let mut objects = Vec::new();
            for spec in self.node.all("specSet") {
                objects.extend(collect(model, spec)?.iter().map(|found| found.node(name)));
            }
            Ok::<_, Fault>(objects)
        })?;
        if !paged {
            return Ok(objects);
        }
        if objects.is_empty() {
            return Ok(Vec::new());
        }
        let most = self.node.child("options").and_then(|options| options.number("maxObjects")).unwrap_or(usize::MAX);
        Ok(vec![self.page(objects, most.max(1))])
    }

    fn page(&mut self, mut objects: Vec<Node>, most: usize) -> Node {
        let rest = objects.split_off(most.min(objects.len()));
        let mut answer = Node::new("returnval");
        if !rest.is_empty() {
            let token = format!("{most}:{}", self.session.fresh());
            answer = answer.with([Node::leaf("token", &token)]);
            self.session.pages.insert(token, rest);
        }
        answer.with(objects)
    }

    fn next_page(&mut self) -> Answer {
        let token = self.node.text_of("token").unwrap_or_default().to_owned();
        let rest = self.session.pages.remove(&token).ok_or_else(|| Fault::argument("token"))?;
        let most = token.split(':').next().and_then(|most| most.parse().ok()).unwrap_or(usize::MAX);
        Ok(vec![self.page(rest, most)])
    }

    fn change_collector(&mut self) -> Answer {
        let this = self.this.value.clone();
        match self.node.name.as_str() {
            "CreatePropertyCollector" => {
                let value = self.session.fresh();
                self.session.collectors.insert(value.clone(), Collector::default());
                returned(Ref::new("PropertyCollector", &value).node("returnval"))
            }
            "CreateFilter" => {
                let spec = self.node.child("spec").cloned().ok_or_else(|| Fault::argument("spec"))?;
                self.model(|model, _| collect(model, &spec).map(drop))?;
                let value = self.session.fresh();
                self.session.collectors.entry(this).or_default().filters.insert(value.clone(), Filter::new(spec));
                self.core.source.change(|_| ());
                returned(Ref::new("PropertyFilter", &value).node("returnval"))
            }
            "DestroyPropertyFilter" => {
                self.session.collectors.values_mut().for_each(|collector| drop(collector.filters.remove(&this)));
                Ok(Vec::new())
            }
            "DestroyPropertyCollector" => {
                self.session.collectors.remove(&this);
                self.core.source.change(|_| ());
                Ok(Vec::new())
            }
            _ => {
                self.session.collectors.entry(this).or_default().cancelled = true;
                self.core.source.change(|_| ());
                Ok(Vec::new())
            }
        }
    }

    fn find(&self) -> Answer {
        let inventory = self.core.source.read();
        let found = match self.node.name.as_str() {
            "FindByUuid" => {
                let uuid = self.node.text_of("uuid").unwrap_or_default().to_lowercase();
                let instance = self.node.flag("instanceUuid");
                let matching =
                    inventory.vms.iter().find(|vm| if instance { vm.instance_uuid == uuid } else { vm.uuid == uuid });
                matching.filter(|_| self.node.flag("vmSearch")).map(tree::vm_ref)
            }
            "FindChild" => {
                let parent = Ref::child(self.node, "entity").ok_or_else(|| Fault::argument("entity"))?;
                child_named(&inventory, &parent, self.node.text_of("name").unwrap_or_default())
            }
            _ => {
                let path = self.node.text_of("inventoryPath").unwrap_or_default();
                let start = Some(Ref::new("Folder", tree::ROOT));
                path.split('/')
                    .filter(|part| !part.is_empty())
                    .fold(start, |at, part| child_named(&inventory, &at?, part))
            }
        };
        Ok(found.map(|object| object.node("returnval")).into_iter().collect())
    }

    fn change_files(&mut self) -> Answer {
        let name = self.node.text_of("name").unwrap_or_default().trim_end_matches('/').to_owned();
        if self.node.child("datacenter").is_none() {
            return Err(Fault::argument("datacenter"));
        }
        self.core.source.change(|inventory| {
            let store = name.strip_prefix('[').and_then(|rest| rest.split_once(']')).map(|(store, _)| store.to_owned());
            if !inventory.datastores.iter().any(|known| Some(&known.name) == store.as_ref()) {
                let text = format!("Invalid datastore path '{name}'.");
                return Err(Fault::new("InvalidDatastorePath", text).with(Node::leaf("datastorePath", &name)));
            }
            if inventory.folders.contains(&name) {
                let text = format!("Cannot complete the operation because the file or folder {name} already exists");
                return Err(Fault::new("FileAlreadyExists", text).with(Node::leaf("file", &name)));
            }
            let parent = name.rsplit_once('/').map(|(parent, _)| parent.to_owned());
            if let Some(parent) = parent.filter(|parent| !inventory.folders.contains(parent)) {
                if !self.node.flag("createParentDirectories") {
                    return Err(Fault::new("FileNotFound", format!("File {parent} was not found")));
                }
                inventory.folders.push(parent);
            }
            inventory.folders.push(name);
            Ok(Vec::new())
        })
    }

    fn shut_down(&mut self) -> Answer {
        vm_methods::check_shutdown(self.core, &self.this)?;
        let (core, object) = (Arc::clone(self.core), self.this.clone());
        self.running.spawn(async move {
            core.pace.pass(Duration::from_secs(15)).await;
            // The guest may have been switched off or removed meanwhile; nobody waits for this answer.
            vm_methods::set_power(&core, &object, Power::Off).ok();
        });
        Ok(Vec::new())
    }

    fn start(
        &mut self,
        seconds: u64,
        check: impl FnOnce(&Core) -> Result<(), Fault> + Send + 'static,
        work: impl FnOnce(&Core) -> Result<Option<Node>, Fault> + Send + 'static,
    ) -> Answer {
        let job =
            Job { method: self.node.name.clone(), entity: self.this.clone(), lasts: Duration::from_secs(seconds) };
        let task = self.core.start(self.running, job, check, work);
        returned(task.node("returnval"))
    }

    fn clone_vm(&mut self) -> Answer {
        let folder = Ref::child(self.node, "folder").ok_or_else(|| Fault::argument("folder"))?;
        let cloning = Cloning {
            source: self.this.clone(),
            name: self.node.text_of("name").unwrap_or_default().to_owned(),
            spec: self.node.child("spec").cloned().unwrap_or_default(),
        };
        cloning.check_arguments(&self.core.source.read(), &folder)?;
        let check = cloning.clone();
        self.start(60, move |core| check.check_state(core), move |core| cloning.work(core))
    }

    fn vm_task(&mut self) -> Answer {
        let (object, call) = (self.this.clone(), self.node.clone());
        let unchecked = |_: &Core| Ok(());
        match self.node.name.as_str() {
            "PowerOnVM_Task" => self.start(5, unchecked, move |core| vm_methods::set_power(core, &object, Power::On)),
            "PowerOffVM_Task" => self.start(2, unchecked, move |core| vm_methods::set_power(core, &object, Power::Off)),
            "Destroy_Task" => self.start(3, unchecked, move |core| vm_methods::destroy(core, &object)),
            "CreateSnapshot_Task" => self.start(5, unchecked, move |core| vm_methods::snapshot(core, &object, &call)),
            "RemoveAllSnapshots_Task" => {
                self.start(10, unchecked, move |core| vm_methods::remove_snapshots(core, &object))
            }
            "RemoveSnapshot_Task" => {
                let children = call.flag("removeChildren");
                self.start(10, unchecked, move |core| vm_methods::remove_snapshot(core, &object, children))
            }
            "ReconfigVM_Task" => {
                let spec = call.child("spec").cloned().unwrap_or_default();
                self.start(3, unchecked, move |core| clone::reconfigure(core, &object, &spec))
            }
            "ReconfigureComputeResource_Task" => {
                let spec = call.child("spec").cloned().unwrap_or_default();
                self.start(1, unchecked, move |core| vm_methods::change_drs(core, &object, &spec))
            }
            "Rename_Task" => {
                let name = call.text_of("newName").unwrap_or_default().to_owned();
                self.start(1, unchecked, move |core| vm_methods::rename(core, &object, &name))
            }
            "SearchDatastoreSubFolders_Task" | "SearchDatastore_Task" => {
                let path = call.text_of("datastorePath").unwrap_or_default().to_owned();
                let below = call.name == "SearchDatastoreSubFolders_Task";
                self.start(1, unchecked, move |core| vm_methods::search(core, &object, &path, below))
            }
            other => Err(Fault::new("NotSupported", format!("The lab does not serve {other}."))),
        }
    }
}

fn child_named(inventory: &crate::lab::world::Inventory, parent: &Ref, name: &str) -> Option<Ref> {
    tree::children(inventory, parent).into_iter().find(|child| {
        tree::name_and_parent(inventory, child).is_some_and(|(own, _)| tree::stored_name(&own) == name || own == name)
    })
}

/// The answer to `RetrieveServiceContent`, which needs no session.
pub(super) fn service_content(core: &Core) -> Answer {
    returned(content::service_content(&core.source, "returnval"))
}
