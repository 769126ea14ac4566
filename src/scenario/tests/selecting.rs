use crate::scenario::load::load_text;
use crate::scenario::{Catalogue, Selection, SelectionError, Shard, Test, tests};

fn catalogue() -> Catalogue {
    let scenario = |name: &str, tags: &str| {
        let text = format!("description: A.\ntags: [{tags}]\nvirtual_machines: [{{name: a}}]\n");
        load_text("s.yaml", name, &text).unwrap().remove(0)
    };
    Catalogue {
        scenarios: vec![
            scenario("cold/comprehensive", "tier0, cold"),
            scenario("cold/sanity", "tier0, cold"),
            scenario("copyoffload/warm", "copyoffload, warm"),
            scenario("warm/sanity", "tier0, warm"),
        ],
    }
}

fn all(providers: &[&str]) -> Vec<Test> {
    let providers: Vec<String> = providers.iter().map(|name| (*name).to_owned()).collect();
    tests(&catalogue(), &providers)
}

fn names(selection: &Selection, tests: &[Test]) -> Vec<String> {
    selection.select(tests).unwrap().into_iter().map(|test| test.name.clone()).collect()
}

fn texts(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[test]
fn tests_are_scenarios_on_providers() {
    assert_eq!(all(&[])[0].provider, None);
    let one = all(&["vs8"]);
    assert_eq!((one[1].name.as_str(), one[1].provider.as_deref()), ("cold/sanity", Some("vs8")));
    let two = all(&["vs8", "rhv"]);
    assert_eq!(two.len(), 8);
    assert_eq!((two[2].name.as_str(), two[3].name.as_str()), ("cold/sanity@vs8", "cold/sanity@rhv"));
}

#[test]
fn filters_tags_and_skips_narrow() {
    let tests = all(&["vs8"]);
    let select = |selection: Selection| names(&selection, &tests);
    assert_eq!(select(Selection::default()).len(), 4);
    let filters = |words: &[&str]| Selection { filters: texts(words), ..Selection::default() };
    assert_eq!(select(filters(&["warm"])), ["copyoffload/warm", "warm/sanity"]);
    assert_eq!(select(filters(&["compre", "copyoffload"])), ["cold/comprehensive", "copyoffload/warm"]);
    assert_eq!(select(Selection { tags: texts(&["cold"]), ..filters(&["sanity"]) }), ["cold/sanity"]);
    assert_eq!(
        select(Selection { skips: texts(&["cold"]), ..Selection::default() }),
        ["copyoffload/warm", "warm/sanity"]
    );
    assert_eq!(select(Selection { exact: true, ..filters(&["cold/sanity"]) }), ["cold/sanity"]);
    assert_eq!(select(Selection { exact: true, ..filters(&["tier0"]) }).len(), 3);
    assert_eq!(
        Selection { exact: true, ..filters(&["cold/san"]) }.select(&tests).unwrap_err().to_string(),
        "the filter `cold/san` matches no test and no tag; near it are `cold/sanity`, `cold`"
    );
}

#[test]
fn exact_names_match_with_and_without_provider() {
    let tests = all(&["vs8", "rhv"]);
    let exact = |name: &str| Selection { filters: texts(&[name]), exact: true, ..Selection::default() };
    assert_eq!(names(&exact("cold/sanity"), &tests), ["cold/sanity@vs8", "cold/sanity@rhv"]);
    assert_eq!(names(&exact("cold/sanity@rhv"), &tests), ["cold/sanity@rhv"]);
}

#[test]
fn what_matches_nothing_names_the_near() {
    let tests = all(&["vs8"]);
    let fail = |selection: Selection| selection.select(&tests).unwrap_err();
    let filter = |word: &str| Selection { filters: texts(&["cold", word]), ..Selection::default() };
    assert_eq!(
        fail(filter("sanety")).to_string(),
        "the filter `sanety` matches no test and no tag; near it are `cold/sanity`"
    );
    assert_eq!(
        fail(filter("copyofload")).to_string(),
        "the filter `copyofload` matches no test and no tag; near it are `copyoffload`, `copyoffload/warm`"
    );
    assert_eq!(fail(filter("zzz")).to_string(), "the filter `zzz` matches no test and no tag");
    assert_eq!(
        fail(Selection { tags: texts(&["tier"]), ..Selection::default() }).to_string(),
        "no scenario has the tag `tier`; near it are `tier0`"
    );
    let none = Selection { filters: texts(&["warm"]), tags: texts(&["cold"]), ..Selection::default() };
    assert_eq!(fail(none), SelectionError::Nothing(4));
}

#[test]
fn shards_part_the_selection() {
    let tests = all(&["vs8"]);
    let shard = |text: &str| Selection { shard: Some(text.parse().unwrap()), ..Selection::default() };
    assert_eq!(names(&shard("1/3"), &tests), ["cold/comprehensive", "warm/sanity"]);
    assert_eq!(names(&shard("2/3"), &tests), ["cold/sanity"]);
    assert_eq!(names(&shard("5/5"), &tests), Vec::<String>::new());
    assert_eq!("2/3".parse(), Ok(Shard { part: 2, count: 3 }));
    for bad in ["0/3", "4/3", "1", "a/b", "1/0", "-1/3"] {
        assert!(bad.parse::<Shard>().is_err(), "{bad}");
    }
}
