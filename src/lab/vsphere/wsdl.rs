//! The part of vSphere's interface description that the lab serves, and the checks that follow from it.
//!
//! `wsdl.txt` lists names only, in the order of the WSDL, as vSphere 8.0.3 knows them: `!Method<Owner`, `Type<Base`,
//! `=Enum`; a field is `name:Type`, `name?:` if optional, `@Type` for a reference, `[]` for an array. A real vCenter is
//! strict where vcsim is lax (source-providers.md section 7.3): so is this.

use super::fault::Fault;
use super::xml::Node;
use std::collections::HashMap;
use std::sync::LazyLock;

/// A field of a type, or an argument of a method.
#[derive(Debug)]
pub(super) struct Field {
    /// Name.
    pub(super) name: &'static str,
    /// Whether it may be left out.
    pub(super) optional: bool,
    /// Type.
    pub(super) kind: &'static str,
    /// Whether it refers to a managed object.
    pub(super) reference: bool,
    /// Whether it repeats.
    pub(super) array: bool,
}

/// The whole description.
#[derive(Debug, Default)]
pub(super) struct Wsdl {
    types: HashMap<&'static str, (Option<&'static str>, Vec<Field>)>,
    methods: HashMap<&'static str, (&'static str, Vec<Field>)>,
    enums: HashMap<&'static str, Vec<&'static str>>,
}

/// The description, read once.
pub(super) fn wsdl() -> &'static Wsdl {
    static WSDL: LazyLock<Wsdl> = LazyLock::new(|| {
        let mut wsdl = Wsdl::default();
        for line in include_str!("wsdl.txt").lines() {
            wsdl.read_line(line);
        }
        wsdl
    });
    &WSDL
}

fn read_field(word: &'static str) -> Option<Field> {
    let (name, kind) = word.split_once(':')?;
    let (kind, array) = kind.strip_suffix("[]").map_or((kind, false), |bare| (bare, true));
    let (kind, reference) = kind.strip_prefix('@').map_or((kind, false), |bare| (bare, true));
    let (name, optional) = name.strip_suffix('?').map_or((name, false), |bare| (bare, true));
    Some(Field { name, optional, kind, reference, array })
}

impl Wsdl {
    fn read_line(&mut self, line: &'static str) {
        let (head, rest) = line.split_once(' ').unwrap_or((line, ""));
        let (name, base) = head.split_once('<').map_or((head, None), |(name, base)| (name, Some(base)));
        if let Some(name) = name.strip_prefix('=') {
            self.enums.insert(name, rest.split_whitespace().collect());
            return;
        }
        let fields = rest.split_whitespace().filter_map(read_field).collect();
        match (name.strip_prefix('!'), base) {
            (Some(method), Some(owner)) => drop(self.methods.insert(method, (owner, fields))),
            _ => drop(self.types.insert(name, (base, fields))),
        }
    }

    /// Whether the type is described.
    pub(super) fn knows(&self, kind: &str) -> bool {
        self.types.contains_key(kind)
    }

    /// Whether `kind` is `base` or derives from it.
    pub(super) fn is_a(&self, kind: &str, base: &str) -> bool {
        let mut next = Some(kind);
        while let Some(kind) = next {
            if kind == base {
                return true;
            }
            next = self.types.get(kind).and_then(|(base, _)| *base);
        }
        matches!(base, "ManagedObject" | "DynamicData" | "anyType")
    }

    /// The fields of a type, those of its bases first.
    pub(super) fn fields(&self, kind: &str) -> Vec<&Field> {
        let Some((base, own)) = self.types.get(kind) else { return Vec::new() };
        let mut fields = base.map(|base| self.fields(base)).unwrap_or_default();
        fields.extend(own);
        fields
    }

    /// One field of a type or its bases.
    pub(super) fn field(&self, kind: &str, name: &str) -> Option<&Field> {
        self.fields(kind).into_iter().find(|field| field.name == name)
    }

    /// Checks a call: the method, the type of `_this`, the order and values of all arguments.
    pub(super) fn check_call(&self, call: &Node) -> Result<(), Fault> {
        let name = call.name.as_str();
        let unknown = || Fault::request(format!("Unable to resolve WSDL method name {name}"));
        let this = call.children.first().filter(|first| first.name == "_this");
        let this = this.ok_or_else(|| Fault::request(format!("{name}: the first element must be _this")))?;
        if name == "Fetch" {
            return Ok(());
        }
        let (owner, arguments) = self.methods.get(name).ok_or_else(unknown)?;
        if !this.reference.as_deref().is_some_and(|kind| self.is_a(kind, owner) || self.is_a(owner, kind)) {
            return Err(Fault::request(format!("{name} is no method of {:?}", this.reference)));
        }
        self.check_children(name, &call.children[1..], &arguments.iter().collect::<Vec<_>>())
    }

    /// Checks a value that the lab itself is about to tell.
    #[cfg(test)]
    pub(super) fn check_output(&self, value: &Node, field: &Field) -> Result<(), Fault> {
        self.check_value("", value, field)
    }

    fn check_children(&self, parent: &str, children: &[Node], fields: &[&Field]) -> Result<(), Fault> {
        let mut at = 0;
        for child in children {
            let ahead = fields[at..].iter().position(|field| field.name == child.name);
            let Some(offset) = ahead else {
                return Err(Fault::request(format!("unexpected element {} in {parent}", child.name)));
            };
            at += offset;
            self.check_value(parent, child, fields[at])?;
            at += usize::from(!fields[at].array);
        }
        let missing = fields.iter().find(|field| {
            // The original sends raw device mappings without capacity (source-providers.md section 2.5).
            let needed = !field.optional && !field.array && field.name != "capacityInKB";
            needed && !children.iter().any(|child| child.name == field.name)
        });
        match missing {
            Some(field) => Err(Fault::request(format!("{parent} lacks the element {}", field.name))),
            None => Ok(()),
        }
    }

    fn check_value(&self, parent: &str, node: &Node, field: &Field) -> Result<(), Fault> {
        let place = format!("{parent}.{}", node.name);
        if field.reference {
            return match &node.reference {
                Some(kind) if !self.knows(kind) || self.is_a(kind, field.kind) || !self.knows(field.kind) => Ok(()),
                _ => Err(Fault::request(format!("{place} must be a reference with type {}", field.kind))),
            };
        }
        let kind = node.kind.as_deref().unwrap_or(field.kind);
        if field.kind == "anyType" && node.kind.is_none() {
            return Err(Fault::request(format!("{place} lacks xsi:type")));
        }
        if let Some(values) = self.enums.get(kind) {
            return if values.contains(&node.text.trim()) {
                Ok(())
            } else {
                Err(Fault::request(format!("{place}: {:?} is no value of {kind}", node.text)))
            };
        }
        if !self.knows(kind) {
            return check_simple(&place, kind, node);
        }
        if self.knows(field.kind) && !self.is_a(kind, field.kind) {
            return Err(Fault::request(format!("{place}: {kind} is no {}", field.kind)));
        }
        self.check_children(&place, &node.children, &self.fields(kind))
    }
}

fn check_simple(place: &str, kind: &str, node: &Node) -> Result<(), Fault> {
    let text = node.text.trim();
    let fits = match kind {
        "int" => text.parse::<i32>().is_ok(),
        "long" => text.parse::<i64>().is_ok(),
        "boolean" => matches!(text, "true" | "false" | "0" | "1"),
        "dateTime" => text.parse::<jiff::Timestamp>().is_ok(),
        _ => true,
    };
    if fits { Ok(()) } else { Err(Fault::request(format!("{place}: {text:?} is no {kind}"))) }
}

#[cfg(test)]
mod tests {
    use super::super::xml::parse;
    use super::*;

    fn check(text: &str) -> Result<(), String> {
        wsdl().check_call(&parse(text).unwrap()).map_err(|fault| format!("{}: {}", fault.kind, fault.message))
    }

    fn clone(spec: &str) -> Result<(), String> {
        check(&format!(
            r#"<CloneVM_Task><_this type="VirtualMachine">vm-1</_this><folder type="Folder">group-v3</folder>
               <name>x</name><spec>{spec}</spec></CloneVM_Task>"#
        ))
    }

    #[test]
    fn element_order_enums_and_unknown_elements_are_checked() {
        let good =
            "<location><transform>sparse</transform></location><template>false</template><powerOn>false</powerOn>";
        assert_eq!(clone(good), Ok(()));
        for (bad, part) in [
            (good.replace("sparse", "eagerZeroedThick"), "no value of VirtualMachineRelocateTransformation"),
            ("<template>false</template><location/><powerOn>false</powerOn>".into(), "unexpected element location"),
            (good.replace("<powerOn>false</powerOn>", ""), "lacks the element powerOn"),
            (good.replace("false</template>", "no</template>"), "is no boolean"),
            (good.replace("<transform>", "<datastore>d</datastore><transform>"), "must be a reference"),
        ] {
            let problem = clone(&bad).unwrap_err();
            assert!(problem.starts_with("InvalidRequest") && problem.contains(part), "{problem}");
        }
    }

    #[test]
    fn methods_belong_to_types() {
        let error = check(r#"<PowerOnVM_Task><_this type="Folder">group-v3</_this></PowerOnVM_Task>"#).unwrap_err();
        assert!(error.contains("is no method of"), "{error}");
        assert!(check(r#"<Nonsense><_this type="Folder">g</_this></Nonsense>"#).unwrap_err().contains("WSDL method"));
        assert_eq!(check(r#"<Destroy_Task><_this type="VirtualMachine">vm-1</_this></Destroy_Task>"#), Ok(()));
    }

    #[test]
    fn derived_fields_follow_those_of_the_base() {
        let names: Vec<_> = wsdl().fields("VirtualDisk").iter().map(|field| field.name).collect();
        assert_eq!(names[0], "key");
        assert!(
            names.iter().position(|name| *name == "unitNumber") < names.iter().position(|name| *name == "capacityInKB")
        );
    }
}
