//! openstacksdk: one script of this folder for each topic.

use super::served::Served;
use crate::bench::Bench;
use crate::part::Part::Python;
use crate::trial::trial;
use libtest_mimic::Trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("clients::openstacksdk::certificate_and_every_form_of_login_are_checked", &[Python], session),
        trial("clients::openstacksdk::its_models_accept_every_answer", &[Python], reads),
        trial("clients::openstacksdk::a_clone_lives_and_leaves_the_cloud_as_it_was", &[Python], changes),
    ]
}

async fn session(bench: Bench) {
    Served::start(&bench).await.python("openstack_session.py", &[]).await;
}

async fn reads(bench: Bench) {
    Served::start(&bench).await.python("openstack_reading.py", &[]).await;
}

async fn changes(bench: Bench) {
    // Slow enough for its waits to wait: a volume takes an eighth of a second.
    Served::with(&bench, &["--speed", "60"]).await.python("openstack_changing.py", &[]).await;
}
